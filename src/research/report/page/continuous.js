// @ts-nocheck -- Plain browser script, inlined into the page of a continuous series. It only draws.
(() => {
  'use strict';
  const model = JSON.parse(document.getElementById('model').textContent);
  const box = document.getElementById('chart');
  /** CSS pixels between the margins of A4 upright; Letter is wider. */
  const PAPER_WIDTH = 690;

  async function openColumns(base64, described) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    const out = {};
    let at = 0;
    for (const column of described) {
      const values = new Array(column.length);
      let before = 0;
      for (let i = 0; i < column.length; i += 1) {
        let code = 0;
        let scale = 1;
        for (; raw[at] >= 128; scale *= 128) code += (raw[at++] - 128) * scale;
        code += raw[at++] * scale;
        const delta = (code - 1) % 2 === 0 ? (code - 1) / 2 : -code / 2;
        if (code > 0) before += delta;
        const value = code === 0 ? null : before / 10 ** column.decimals;
        values[i] = column.texts ? column.texts[before] : value;
      }
      out[column.name] = values;
    }
    return out;
  }

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** Vertical lines under the prices; labels where there is room. */
  function rollLines(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = color('--muted');
    ctx.fillStyle = color('--muted');
    ctx.globalAlpha = 0.7;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    let lastX = -Infinity;
    for (const roll of model.rolls) {
      const x = Math.round(u.valToPos(roll.seconds, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const text = roll.label.split(' ').at(-1);
      const { width } = ctx.measureText(text);
      const isTight = x - lastX < width + 8 * devicePixelRatio;
      if (isTight || x + width > bbox.left + bbox.width) continue;
      ctx.fillText(text, x + 3 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
      lastX = x;
    }
    ctx.restore();
  }

  function draw(data) {
    const price = (value) =>
      value === null || value === undefined ? '–' : value.toFixed(model.decimals);
    const axis = { stroke: color('--muted'), grid: { stroke: color('--line'), width: 1 } };
    const options = {
      width: box.clientWidth,
      height: Math.max(420, Math.round(box.clientWidth * 0.45)),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
      axes: [axis, { ...axis, size: 80 }],
      series: [
        {
          label: 'Time UTC',
          value: (_, seconds) =>
            seconds === null
              ? '–'
              : new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' '),
        },
        {
          label: 'Contract',
          paths: () => null,
          points: { show: false },
          scale: 'none',
          value: (_u, _v, _s, i) => (i === null ? '–' : data.contract[i]),
        },
        { label: 'Raw', stroke: color('--loss'), width: 1, value: (_, value) => price(value) },
        {
          label: `Adjusted`,
          stroke: color('--gain'),
          width: 1.5,
          value: (_, value) => price(value),
        },
      ],
      scales: { x: { time: true } },
      hooks: { drawAxes: [rollLines] },
    };
    box.replaceChildren();
    const blank = data.seconds.map(() => null);
    return new uPlot(options, [data.seconds, blank, data.raw, data.adjusted], box);
  }

  void openColumns(document.getElementById('columns').textContent, model.columns).then((data) => {
    let chart = draw(data);
    let width = box.clientWidth;
    let isPrinting = false;
    addEventListener('resize', () => {
      if (!isPrinting && box.clientWidth !== width) fit();
    });
    // Paper has its own width, known when printing begins; without the event the widest that fits A4 upright is taken.
    const fit = () => {
      const now = box.clientWidth;
      width = isPrinting ? Math.min(now, PAPER_WIDTH) : now;
      chart.setSize({
        width,
        height: isPrinting ? Math.round(width * 0.5) : Math.max(420, Math.round(width * 0.45)),
      });
    };
    addEventListener('beforeprint', () => {
      isPrinting = true;
      fit();
    });
    addEventListener('afterprint', () => {
      isPrinting = false;
      fit();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      chart.destroy();
      chart = draw(data);
    });
    document.documentElement.dataset.ready = 'yes';
  });
})();
