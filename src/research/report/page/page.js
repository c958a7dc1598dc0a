// @ts-nocheck -- Plain browser script, inlined into the report. It formats and draws; every figure comes from the model.
(() => {
  'use strict';
  const root = document.documentElement;
  const DAY = 86400;

  // ------------------------------------------------------------------ elements, always through text nodes
  function h(tag, props, ...children) {
    return fill(document.createElement(tag), props, children);
  }
  function s(tag, props, ...children) {
    return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children);
  }
  function fill(element, props, children) {
    for (const [name, value] of Object.entries(props ?? {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? '' : String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== false) element.append(child);
    }
    return element;
  }

  // ------------------------------------------------------------------ columns: base64 -> deflate -> varints
  async function openColumns(base64, described) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    const out = {};
    let at = 0;
    for (const column of described) {
      const factor = 10 ** column.decimals;
      const values = column.texts ? new Array(column.length) : new Float64Array(column.length);
      let before = 0;
      for (let i = 0; i < column.length; i += 1) {
        let code = 0;
        let scale = 1;
        for (; raw[at] >= 128; scale *= 128) code += (raw[at++] - 128) * scale;
        code += raw[at++] * scale;
        const delta = (code - 1) % 2 === 0 ? (code - 1) / 2 : -code / 2;
        if (code > 0) before = column.isPlain ? delta : before + delta;
        values[i] = column.texts ? column.texts[before] : code === 0 ? NaN : before / factor;
      }
      out[column.name] = values;
    }
    return out;
  }

  // ------------------------------------------------------------------ numbers and times
  const grouped = new Map();
  function fixed(value, decimals) {
    if (!grouped.has(decimals))
      grouped.set(
        decimals,
        new Intl.NumberFormat('en-US', {
          minimumFractionDigits: decimals,
          maximumFractionDigits: decimals,
        }),
      );
    const text = grouped.get(decimals).format(value);
    return /^-[0.,]*$/.test(text) ? text.slice(1) : text;
  }
  function signed(value, decimals) {
    const text = fixed(value, decimals);
    return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
  }
  function share(value) {
    const percent = value * 100;
    return `${fixed(percent, Math.abs(percent) < 1 && percent !== 0 ? 2 : 1)} %`;
  }
  function isoDate(days) {
    return new Date(days * DAY * 1000).toISOString().slice(0, 10);
  }
  const zoneFormats = new Map();
  function localTime(ms, zone) {
    if (!zoneFormats.has(zone))
      zoneFormats.set(
        zone,
        new Intl.DateTimeFormat('sv-SE', {
          timeZone: zone,
          year: 'numeric',
          month: '2-digit',
          day: '2-digit',
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
        }),
      );
    return zoneFormats.get(zone).format(ms);
  }
  function duration(us) {
    const minutes = Math.round(us / 60e6);
    const [d, hours, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    if (d > 0) return `${d} d ${hours} h`;
    return hours > 0 ? `${hours} h ${m} min` : `${m} min`;
  }
  function isNone(value) {
    return value === null || value === undefined || Number.isNaN(value) || value === '';
  }
  /** Digits of the thirty-seconds in which Treasuries are quoted; -1 for every other product. */
  function fractionDigits(instrument) {
    return [1, 2, 4, 8].indexOf(1 / (32 * (instrument?.tickSize ?? 1)));
  }
  /** 110'16.5, where the reader chose it and the price lies on a tick; an average of fills may not. */
  function fraction(price, instrument) {
    const digits = fractionDigits(instrument);
    if (digits < 0 || state.get('prices') !== 'fractions') return null;
    const ticks = Math.abs(price) / instrument.tickSize;
    if (Math.abs(ticks - Math.round(ticks)) > 1e-6) return null;
    const units = Math.round(ticks) * instrument.tickSize * 32;
    const whole = Math.floor(units / 32);
    const rest = (units - whole * 32).toFixed(digits).padStart(digits === 0 ? 2 : 3 + digits, '0');
    return `${price < 0 ? '-' : ''}${whole}'${rest}`;
  }
  function format(kind, value, instrument) {
    if (isNone(value)) return '–';
    if (typeof value === 'string') return value;
    switch (kind) {
      case 'money':
        return signed(value, 2);
      case 'amount':
        return fixed(value, 2);
      case 'share':
        return share(value);
      case 'ratio':
        return fixed(value, 2);
      case 'ticks':
      case 'count':
      case 'days':
        return fixed(value, 0);
      case 'flag':
        return value === true || value === 1 ? 'yes' : 'no';
      case 'date':
        return isoDate(value);
      case 'time':
        return localTime(value / 1000, instrument?.zone ?? 'UTC');
      case 'duration':
        return duration(value);
      case 'price':
        return fraction(value, instrument) ?? fixed(value, instrument?.decimals ?? 2);
      default:
        return String(value);
    }
  }
  /** What a copied or exported cell holds: plain numbers, ISO times in UTC. */
  function plain(kind, value) {
    if (isNone(value)) return '';
    if (kind === 'time') return new Date(value / 1000).toISOString();
    if (kind === 'date' && typeof value === 'number') return isoDate(value);
    if (kind === 'flag') return value === true || value === 1 ? 'true' : 'false';
    return String(value);
  }

  // ------------------------------------------------------------------ state in the fragment
  const state = new Map(new URLSearchParams(location.hash.slice(1)));
  function setState(key, value) {
    if (value === null || value === '') state.delete(key);
    else state.set(key, value);
    const text = new URLSearchParams([...state]).toString();
    history.replaceState(null, '', text === '' ? location.pathname : `#${text}`);
  }

  function colours() {
    const style = getComputedStyle(root);
    const get = (name) => style.getPropertyValue(`--${name}`).trim();
    return Object.fromEntries(
      ['bg', 'panel', 'line', 'text', 'muted', 'gain', 'loss', 'third', 'fourth', 'warning'].map(
        (name) => [name, get(name)],
      ),
    );
  }
  function faded(hex, alpha) {
    return `${hex}${Math.round(alpha * 255)
      .toString(16)
      .padStart(2, '0')}`;
  }
  const redraw = [];

  // ------------------------------------------------------------------ tables: sort, filter, pages, CSV
  const PAGE = 200;
  const tables = [];
  let isPrinting = false;
  function printing(on) {
    isPrinting = on;
    for (const show of tables) show();
  }
  function dataTable(spec) {
    const { id, columns, count, get, title } = spec;
    const instrumentOf = spec.instrumentOf ?? (() => undefined);
    let order = Array.from({ length: count }, (_, i) => i);
    let page = 0;
    const [sortKey, sortDirection] = (state.get(`${id}.sort`) ?? '').split('!');
    let sort = { key: sortKey || null, down: sortDirection === 'd' };
    const body = h('tbody');
    const status = h('span', { class: 'muted', role: 'status' });
    const search = h('input', {
      type: 'search',
      placeholder: 'Filter, e.g. short',
      'aria-label': `Filter ${title}`,
    });
    search.value = state.get(`${id}.filter`) ?? '';
    const buttons = columns.map((column, c) =>
      h(
        'th',
        { scope: 'col', class: column.kind === 'text' ? 'text' : '' },
        h('button', { type: 'button', onclick: () => sortBy(c) }, column.label || ' '),
      ),
    );
    const previous = h('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
    const next = h('button', { type: 'button', onclick: () => turn(1) }, 'Next');

    function text(row, c) {
      return format(columns[c].kind, get(row, c), instrumentOf(row));
    }
    function apply() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      order = [];
      for (let row = 0; row < count; row += 1) {
        const line =
          words.length === 0
            ? ''
            : columns
                .map((_, c) => text(row, c))
                .join(' ')
                .toLowerCase();
        if ((spec.keep?.(row) ?? true) && words.every((word) => line.includes(word)))
          order.push(row);
      }
      const c = columns.findIndex((column) => column.key === sort.key);
      if (c >= 0) order.sort((a, b) => compare(get(a, c), get(b, c), sort.down));
      buttons.forEach((th, i) => {
        if (i === c) th.setAttribute('aria-sort', sort.down ? 'descending' : 'ascending');
        else th.removeAttribute('aria-sort');
      });
      page = Math.min(page, Math.max(0, Math.ceil(order.length / PAGE) - 1));
      show();
    }
    function show() {
      const from = isPrinting ? 0 : page * PAGE;
      const rows = order.slice(from, isPrinting ? count : from + PAGE).map((row) =>
        h(
          'tr',
          { 'data-row': row, class: spec.isSelected?.(row) ? 'selected' : undefined },
          columns.map((column, c) => tableCell(column, c, row)),
        ),
      );
      body.replaceChildren(...rows);
      const to = Math.min(order.length, from + PAGE);
      status.textContent =
        order.length === count && count <= PAGE
          ? `${fixed(count, 0)} ${count === 1 ? 'row' : 'rows'}`
          : `${fixed(order.length === 0 ? 0 : from + 1, 0)}–${fixed(to, 0)} of ${fixed(order.length, 0)} rows`;
      previous.disabled = page === 0;
      next.disabled = to >= order.length;
      previous.hidden = next.hidden = order.length <= PAGE;
    }
    function tableCell(column, c, row) {
      const value = get(row, c);
      const shown = text(row, c);
      const tone =
        column.kind === 'money' && value !== 0 && !isNone(value)
          ? value > 0
            ? 'gain'
            : 'loss'
          : '';
      const isText = column.kind === 'text';
      const wrap = isText && shown.length > 48 ? 'wrap' : '';
      const content =
        spec.onOpen && c === 0
          ? h(
              'button',
              {
                type: 'button',
                class: 'link',
                onclick: () => spec.onOpen(row),
                'aria-label': spec.openLabel?.(row) ?? `Show trade ${shown} in the price chart`,
              },
              shown,
            )
          : shown;
      return h(
        'td',
        { class: [isText ? 'text' : '', tone, wrap].join(' ').trim() || undefined },
        content,
      );
    }
    function sortBy(c) {
      const { key } = columns[c];
      sort = { key, down: sort.key === key ? !sort.down : columns[c].kind !== 'text' };
      setState(`${id}.sort`, `${key}!${sort.down ? 'd' : 'u'}`);
      apply();
    }
    function turn(by) {
      page += by;
      show();
    }
    function reveal(row) {
      const at = order.indexOf(row);
      if (at < 0) return null;
      page = Math.floor(at / PAGE);
      show();
      const selected = body.querySelector('tr.selected');
      selected?.scrollIntoView({ block: 'nearest' });
      return selected;
    }
    /** The row in the middle of the window, with the focus on its button, whatever hid it before. */
    function visit(row) {
      if (order.indexOf(row) < 0) {
        search.value = '';
        setState(`${id}.filter`, null);
        apply();
      }
      const selected = reveal(row);
      selected?.scrollIntoView({ block: 'center' });
      selected?.querySelector('button')?.focus({ preventScroll: true });
      return selected !== null;
    }
    search.addEventListener('input', () => {
      setState(`${id}.filter`, search.value);
      page = 0;
      apply();
    });
    const isLong = count > 12;
    const element = h(
      'div',
      {},
      h(
        'div',
        { class: 'tools' },
        isLong && search,
        h(
          'button',
          {
            type: 'button',
            onclick: () => saveCsv(id, columns, order, get),
            'aria-label': `Save ${title} as CSV`,
          },
          'CSV',
        ),
        previous,
        next,
        status,
      ),
      h(
        'div',
        {
          class: count > 25 ? 'scroll tall' : 'scroll',
          tabindex: '0',
          role: 'region',
          'aria-label': title,
        },
        h('table', {}, h('thead', {}, h('tr', {}, buttons)), body),
      ),
    );
    apply();
    tables.push(show);
    return { element, show, reveal, visit, refresh: apply, search, order: () => order };
  }
  function compare(a, b, down) {
    if (isNone(a) || isNone(b)) return Number(isNone(a)) - Number(isNone(b));
    const order =
      typeof a === 'number' && typeof b === 'number'
        ? a - b
        : String(a) < String(b)
          ? -1
          : Number(String(a) > String(b));
    return down ? -order : order;
  }
  function saveCsv(name, columns, order, get) {
    const quote = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const lines = [columns.map((column) => quote(column.key)).join(',')];
    for (const row of order)
      lines.push(columns.map((column, c) => quote(plain(column.kind, get(row, c)))).join(','));
    save(`${name}.csv`, 'text/csv', `${lines.join('\n')}\n`);
  }
  function save(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = h('a', { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    URL.revokeObjectURL(url);
  }

  // ------------------------------------------------------------------ line charts
  const DATE_STEPS = [1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640].map((days) => days * DAY);
  function dateAxis(axis) {
    const values = (_, ticks) => ticks.map((tick) => isoDate(tick / DAY));
    return { ...axis, incrs: DATE_STEPS, space: 96, size: 34, values };
  }
  const DASHES = [[], [], [6, 4], [2, 3]];
  let chartCount = 0;
  /** `series`: [{ label, values, colour, kind, fill, band }]; x in seconds or plain numbers. */
  function lineChart(spec) {
    const id = `chart-${(chartCount += 1)}`;
    const host = h('div', {
      class: 'chart',
      tabindex: '0',
      role: 'img',
      'aria-label': spec.summary,
    });
    const legend = h('div', { class: 'legend', 'aria-hidden': 'true' });
    const tableHost = h('div', { id: `${id}-table`, hidden: true });
    const toggle = h(
      'button',
      {
        type: 'button',
        'aria-expanded': 'false',
        'aria-controls': `${id}-table`,
        'aria-label': `Show as table: ${spec.title}`,
      },
      'Show as table',
    );
    let chart = null;
    let isLog = false;
    function draw() {
      chart?.destroy();
      const c = colours();
      const axis = {
        stroke: c.muted,
        grid: { stroke: c.line, width: 1 },
        ticks: { stroke: c.line },
        font: '12px system-ui, sans-serif',
      };
      const xs = Array.from(spec.x);
      const data = [
        xs,
        ...spec.series.map((one) =>
          Array.from(one.values, (value) => (Number.isNaN(value) ? null : value)),
        ),
      ];
      chart = new uPlot(
        {
          width: Math.max(200, host.clientWidth),
          height: spec.height ?? 240,
          ms: 1,
          legend: { show: false },
          // A date stands under its tick: half of it needs room beyond the last point.
          padding: [null, spec.isTime === false ? 16 : 40, null, null],
          cursor: { sync: spec.sync ? { key: spec.sync } : undefined, points: { size: 7 } },
          scales: {
            x: { time: false },
            y: { distr: isLog ? 3 : 1, range: spec.range },
          },
          axes: [
            spec.isTime === false ? { ...axis, size: 34 } : dateAxis(axis),
            {
              ...axis,
              size: (_, values) =>
                spec.axisWidth ??
                18 + 7 * Math.max(4, ...(values ?? []).map((text) => text.length)),
              values: (_, ticks) =>
                ticks.map((tick) => (tick === null ? '' : axisText(spec.kind, tick))),
            },
          ],
          series: [
            {},
            ...spec.series.map((one, i) => ({
              label: one.label,
              stroke: c[one.colour],
              width: one.isThin ? 1 : 1.75,
              dash: DASHES[i] ?? DASHES[3],
              fill: one.fill ? faded(c[one.colour], 0.18) : undefined,
              points: { show: xs.length === 1 },
              spanGaps: false,
            })),
          ],
          bands: spec.band
            ? [{ series: [2, 1], fill: faded(c[spec.series[1].colour], 0.22) }]
            : undefined,
          hooks: {
            setCursor: [(u) => say(u.cursor.idx)],
            setScale: [(u, key) => key === 'x' && spec.onRange?.(u.scales.x.min, u.scales.x.max)],
            drawClear: [(u) => shadeSpans(u, spec.spans ?? [], c)],
          },
        },
        data,
        host,
      );
      say(null);
    }
    spec.connect?.({
      zoom: (from, to) => chart?.setScale('x', { min: from, max: to }),
      focus: () => host.focus({ preventScroll: true }),
    });
    function say(index) {
      const c = colours();
      const at = index ?? spec.x.length - 1;
      const x = spec.x[at];
      const when = x === undefined ? '' : spec.isTime === false ? fixed(x, 0) : isoDate(x / DAY);
      legend.replaceChildren(
        h('span', {}, when),
        ...spec.series.map((one) => {
          const key = h('i');
          key.style.borderTopColor = c[one.colour];
          key.style.borderTopStyle = spec.series.indexOf(one) > 1 ? 'dashed' : 'solid';
          return h(
            'span',
            {},
            key,
            `${one.label} ${format(one.kind ?? spec.kind, one.values[at])}`,
          );
        }),
      );
    }
    function move(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
      if (step === undefined || chart === null) return;
      event.preventDefault();
      const now = chart.cursor.idx ?? spec.x.length - 1;
      const to = Math.max(0, Math.min(spec.x.length - 1, now + step));
      chart.setCursor({ left: chart.valToPos(spec.x[to], 'x'), top: 10 });
      say(to);
    }
    host.addEventListener('keydown', move);
    toggle.addEventListener('click', () => {
      tableHost.hidden = !tableHost.hidden;
      toggle.setAttribute('aria-expanded', String(!tableHost.hidden));
      toggle.textContent = tableHost.hidden ? 'Show as table' : 'Hide table';
      if (tableHost.childElementCount > 0) return;
      const columns = [
        {
          key: 'x',
          label: spec.isTime === false ? '#' : 'Trade date',
          kind: spec.isTime === false ? 'count' : 'date',
        },
        ...spec.series.map((one) => ({
          key: one.label,
          label: one.label,
          kind: one.kind ?? spec.kind,
        })),
      ];
      const get = (row, c) =>
        c === 0
          ? spec.isTime === false
            ? spec.x[row]
            : spec.x[row] / DAY
          : spec.series[c - 1].values[row];
      tableHost.append(
        dataTable({ id, title: spec.title, columns, count: spec.x.length, get }).element,
      );
    });
    new ResizeObserver(() => {
      if (chart !== null && host.clientWidth > 0 && host.clientWidth !== chart.width)
        chart.setSize({ width: host.clientWidth, height: spec.height ?? 240 });
    }).observe(host);
    redraw.push(draw);
    const log = spec.hasLog
      ? h(
          'button',
          { type: 'button', 'aria-pressed': 'false', onclick: () => setLog(!isLog) },
          'Log scale',
        )
      : null;
    function setLog(on) {
      isLog = on;
      log.setAttribute('aria-pressed', String(on));
      setState('log', on ? '1' : null);
      draw();
    }
    if (log !== null && state.get('log') === '1') {
      isLog = true;
      log.setAttribute('aria-pressed', 'true');
    }
    return h(
      'figure',
      {},
      h('figcaption', {}, h('strong', {}, spec.title), ` ${spec.summary}`),
      legend,
      host,
      h('div', { class: 'tools' }, toggle, log, ...(spec.tools ?? [])),
      tableHost,
    );
  }
  /** Spans of the run that are not judged, or judged apart, behind the lines. */
  function shadeSpans(u, spans, c) {
    const { ctx } = u;
    for (const span of spans) {
      const clamp = (x) => Math.max(u.bbox.left, Math.min(u.bbox.left + u.bbox.width, x));
      const from = clamp(u.valToPos(span.from * DAY, 'x', true));
      const to = clamp(u.valToPos((span.to + 1) * DAY, 'x', true));
      if (to <= from) continue;
      ctx.save();
      ctx.fillStyle = faded(c.fourth, 0.2);
      ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
      ctx.fillStyle = c.muted;
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      const pad = 5 * devicePixelRatio;
      // A narrow span goes without its word: the sentence above the chart names it.
      if (ctx.measureText(span.label).width + 2 * pad <= to - from)
        ctx.fillText(span.label, from + pad, u.bbox.top + 3 * pad);
      ctx.restore();
    }
  }
  function axisText(kind, tick) {
    if (kind === 'share')
      return `${fixed(tick * 100, Math.abs(tick) < 0.01 && tick !== 0 ? 1 : 0)} %`;
    return fixed(tick, Math.abs(tick) < 10 && tick % 1 !== 0 ? 2 : 0);
  }

  // ------------------------------------------------------------------ small SVG: histogram, scatter, interval bar
  function svgFigure(title, summary, draw, table) {
    const host = h('div', { class: 'chart' });
    redraw.push(() =>
      host.replaceChildren(draw(colours(), Math.max(260, host.clientWidth || 480))),
    );
    const tableHost = h('div', { hidden: true });
    const toggle = h(
      'button',
      { type: 'button', 'aria-expanded': 'false', 'aria-label': `Show as table: ${title}` },
      'Show as table',
    );
    toggle.addEventListener('click', () => {
      tableHost.hidden = !tableHost.hidden;
      toggle.setAttribute('aria-expanded', String(!tableHost.hidden));
      toggle.textContent = tableHost.hidden ? 'Show as table' : 'Hide table';
      if (tableHost.childElementCount === 0) tableHost.append(dataTable(table).element);
    });
    return h(
      'figure',
      {},
      h('figcaption', {}, h('strong', {}, title), ` ${summary}`),
      host,
      h('div', { class: 'tools' }, toggle),
      tableHost,
    );
  }
  function histogram(one) {
    const n = one.counts.reduce((a, b) => a + b, 0);
    const top = Math.max(1, ...one.counts);
    const mode = one.counts.indexOf(top);
    const summary =
      n === 0
        ? 'No closed trades.'
        : `${fixed(n, 0)} trades; most, ${fixed(top, 0)}, between ${fixed(one.edges[mode], 0)} and ${fixed(one.edges[mode + 1], 0)} ${one.unit}.`;
    const draw = (c, width) => {
      const [height, bottom, left] = [190, 168, 34];
      const step = (width - left - 6) / Math.max(1, one.counts.length);
      const svg = s('svg', {
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        role: 'img',
        'aria-label': `${one.title}. ${summary}`,
      });
      svg.append(s('line', { x1: left, x2: width - 6, y1: bottom, y2: bottom, stroke: c.line }));
      svg.append(
        s('text', { x: left - 5, y: 18, 'text-anchor': 'end' }, fixed(top, 0)),
        s('text', { x: left - 5, y: bottom, 'text-anchor': 'end' }, '0'),
      );
      one.counts.forEach((count, i) => {
        const tall = (count / top) * (bottom - 12);
        const isLoss = one.edges[i + 1] <= 0;
        svg.append(
          s(
            'rect',
            {
              x: left + i * step + 0.5,
              width: Math.max(1, step - 1),
              y: bottom - tall,
              height: tall,
              fill: isLoss ? c.loss : c.gain,
            },
            s(
              'title',
              {},
              `${fixed(one.edges[i], 2)} to ${fixed(one.edges[i + 1], 2)} ${one.unit}: ${fixed(count, 0)}`,
            ),
          ),
        );
      });
      const every = Math.max(1, Math.ceil(90 / step));
      for (let i = 0; i < one.edges.length; i += every) {
        const isLast = left + i * step > width - 40;
        svg.append(
          s(
            'text',
            { x: left + i * step, y: height - 6, 'text-anchor': isLast ? 'end' : 'middle' },
            axisText('amount', one.edges[i]),
          ),
        );
      }
      return svg;
    };
    const columns = [
      { key: 'from', label: 'From', kind: 'amount' },
      { key: 'to', label: 'To', kind: 'amount' },
      { key: 'count', label: 'Trades', kind: 'count' },
    ];
    const get = (row, c) => [one.edges[row], one.edges[row + 1], one.counts[row]][c];
    return svgFigure(one.title, summary, draw, {
      id: `hist-${one.id}`,
      title: one.title,
      columns,
      count: one.counts.length,
      get,
    });
  }
  /** Dots of x against y, both in money, as two paths. */
  function scatter(title, xLabel, yLabel, xs, ys) {
    const rows = Array.from(xs.keys()).filter(
      (i) => Number.isFinite(xs[i]) && Number.isFinite(ys[i]),
    );
    const summary = `${fixed(rows.length, 0)} trades.`;
    const draw = (c, width) => {
      const [height, left, bottom] = [250, 70, 218];
      const svg = s('svg', {
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        role: 'img',
        'aria-label': `${title}. ${summary}`,
      });
      if (rows.length === 0) return svg;
      const range = (values) => {
        const low = rows.reduce((a, i) => Math.min(a, values[i]), 0);
        const high = rows.reduce((a, i) => Math.max(a, values[i]), 0);
        return high > low ? [low, high] : [low - 1, high + 1];
      };
      const [x0, x1] = range(xs);
      const [y0, y1] = range(ys);
      const px = (x) => left + 8 + ((x - x0) / (x1 - x0)) * (width - left - 24);
      const py = (y) => bottom - 8 - ((y - y0) / (y1 - y0)) * (bottom - 22);
      const line = (a, b, d, e) => s('line', { x1: a, y1: b, x2: d, y2: e, stroke: c.line });
      svg.append(line(left, py(0), width - 8, py(0)), line(px(0), 8, px(0), bottom));
      const path = (keep) =>
        rows
          .filter(keep)
          .map((i) => `M${px(xs[i]).toFixed(1)} ${py(ys[i]).toFixed(1)}h0`)
          .join('');
      const style = {
        fill: 'none',
        'stroke-width': 4,
        'stroke-linecap': 'round',
        'stroke-opacity': 0.7,
      };
      svg.append(
        s('path', { d: path((i) => ys[i] >= 0), stroke: c.gain, ...style }),
        s('path', { d: path((i) => ys[i] < 0), stroke: c.loss, ...style }),
      );
      const label = (x, y, anchor, text) => s('text', { x, y, 'text-anchor': anchor }, text);
      svg.append(
        label(left - 6, py(y1) + 5, 'end', axisText('amount', y1)),
        label(left - 6, py(y0), 'end', axisText('amount', y0)),
        label(px(x0), height - 18, 'middle', axisText('amount', x0)),
        label(px(x1), height - 18, 'end', axisText('amount', x1)),
        label((left + width) / 2, height - 3, 'middle', xLabel),
        label(left + 2, 10, 'start', yLabel),
      );
      return svg;
    };
    const columns = [
      { key: 'trade', label: 'Row', kind: 'count' },
      { key: 'x', label: xLabel, kind: 'money' },
      { key: 'y', label: yLabel, kind: 'money' },
    ];
    const get = (row, c) => [rows[row] + 1, xs[rows[row]], ys[rows[row]]][c];
    return svgFigure(title, summary, draw, {
      id: `scatter-${xLabel}`,
      title,
      columns,
      count: rows.length,
      get,
    });
  }
  function intervalBar(low, high, value, kind) {
    if (low === null || high === null) return null;
    const text = `90 % interval ${format(kind, low)} to ${format(kind, high)}`;
    const [from, to] = [Math.min(low, 0, value ?? 0), Math.max(high, 0, value ?? 0)];
    const x = (v) => 4 + ((v - from) / (to - from || 1)) * 136;
    const c = (name) => `var(--${name})`;
    return h(
      'div',
      {},
      s(
        'svg',
        { class: 'interval', viewBox: '0 0 144 14', role: 'img', 'aria-label': text },
        s('line', { x1: x(0), x2: x(0), y1: 0, y2: 14, stroke: c('fourth') }),
        s('rect', {
          x: x(low),
          width: Math.max(1, x(high) - x(low)),
          y: 4,
          height: 6,
          fill: c('fourth'),
        }),
        value === null
          ? null
          : s('rect', { x: x(value) - 1.5, width: 3, y: 0, height: 14, fill: c('text') }),
      ),
      h('div', { class: 'note' }, `${format(kind, low)} to ${format(kind, high)}`),
    );
  }

  // ------------------------------------------------------------------ the page
  async function main() {
    const model = JSON.parse(document.getElementById('model').textContent);
    const data = await openColumns(document.getElementById('columns').textContent, model.columns);
    const theme = state.get('theme') ?? remembered();
    if (['auto', 'light', 'dark'].includes(theme)) root.dataset.theme = theme;
    const page = buildPage(model, data);
    addEventListener('beforeprint', () => printing(true));
    addEventListener('afterprint', () => printing(false));
    for (const draw of Array.from(redraw)) draw();
    page.range.start();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      redraw.forEach((draw) => draw()),
    );
    let width = innerWidth;
    addEventListener('resize', () => {
      if (innerWidth === width) return;
      width = innerWidth;
      redraw.forEach((draw) => draw());
    });
    if (state.has('section')) document.getElementById(state.get('section'))?.scrollIntoView();
    root.dataset.ready = 'true';
  }

  /** Storage may be forbidden for a file; then the choice lives as long as the page. */
  function remembered() {
    try {
      return localStorage.getItem('frontmonth.theme');
    } catch {
      return null;
    }
  }
  function remember(theme) {
    try {
      localStorage.setItem('frontmonth.theme', theme);
    } catch {
      return;
    }
  }
  const KEYS = [
    ['/', 'filter the trades'],
    ['j, k', 'next, previous trade'],
    ['t', 'theme'],
    ['?', 'this help'],
    ['arrows', 'move along a chart that has the focus'],
    ['Page Up, Page Down', 'earlier, later marker of the price chart'],
    ['Enter', 'row of the chosen marker in the list of trades'],
    ['drag, double-click', 'zoom a chart, show all again'],
    ['Ctrl + wheel', 'zoom the price chart'],
  ];
  function keyHelp(actions) {
    const close = h('button', { type: 'button', onclick: () => dialog.close() }, 'Close');
    const dialog = h(
      'dialog',
      { 'aria-label': 'Keys' },
      h(
        'dl',
        { class: 'defs' },
        KEYS.map(([key, what]) => [h('dt', {}, key), h('dd', {}, what)]).flat(),
      ),
      close,
    );
    addEventListener('keydown', (event) => {
      const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName ?? '');
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const action = event.key === '?' ? () => dialog.showModal() : actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    });
    return dialog;
  }

  function buildPage(model, data) {
    const { summary, manifest } = model;
    const instruments = new Map(manifest.instruments.map((one) => [one.root, one]));
    const defs = new Map(model.metricDefs.map((one) => [one.key, one]));
    const figure = (key, from = summary.metrics) =>
      from?.[key] ?? { value: null, reason: 'not computed' };
    const show = (key, from) => {
      const one = figure(key, from);
      return h(
        'span',
        { title: one.reason, class: one.reason && one.value !== null ? 'few' : undefined },
        format(defs.get(key)?.kind ?? 'ratio', one.value),
      );
    };
    const tableOf = (table) => {
      if (table.rows.length === 0)
        return h('div', {}, h('h3', {}, table.title), h('p', { class: 'note' }, 'None.'));
      const rootAt = table.columns.findIndex((column) => column.key === 'root');
      const built = dataTable({
        ...table,
        count: table.rows.length,
        get: (row, c) => table.rows[row][c],
        instrumentOf: (row) => instruments.get(table.rows[row][rootAt]),
        ...(table.link ? linkOf(table) : {}),
      });
      return h(
        'div',
        {},
        h('h3', {}, table.title),
        built.element,
        table.note ? h('p', { class: 'note' }, table.note) : null,
      );
    };
    /** Rows that lead to a place in a chart: one moment of one instrument, or a span of dates. */
    const linkOf = (table) => {
      const at = (row, key) => table.rows[row][table.columns.findIndex((one) => one.key === key)];
      if (table.link.kind === 'span')
        return {
          openLabel: (row) => `Show drawdown ${table.rows[row][0]} in the equity chart`,
          onOpen: (row) => {
            const first = at(row, 'peak');
            const last = at(row, 'recovery');
            const dates = data['day.date'];
            context.range.zoom(
              typeof first === 'number' ? first : dates[0],
              typeof last === 'number' ? last : dates[dates.length - 1],
            );
          },
        };
      return {
        openLabel: (row) => `Show ${table.rows[row][0]}, row ${row + 1}, in the price chart`,
        onOpen: (row) => {
          const value = at(row, table.link.at);
          const isDate = table.link.at === 'date';
          context.jump({
            root: at(row, 'root'),
            fromUs: isDate ? (value - 0.4) * DAY * 1e6 : value,
            toUs: isDate ? (value + 0.95) * DAY * 1e6 : value,
            text: isDate ? `Trade date ${isoDate(value)}` : 'The chosen bar',
          });
        },
      };
    };
    const sections = [];
    const section = (id, title, ...content) =>
      sections.push({
        id,
        title,
        element: h(
          'section',
          { id, 'aria-labelledby': `${id}-title` },
          h('h2', { id: `${id}-title` }, title),
          ...content,
        ),
      });
    const context = {
      model,
      data,
      summary,
      manifest,
      instruments,
      defs,
      figure,
      show,
      tableOf,
      section,
      currency: manifest.currency,
      range: dateRange(data),
      jump: () => {},
      /** A marker of the price chart leads to the row of its trade. */
      selectTrade: () => {},
    };

    section('verdict', 'Verdict', h('p', { class: 'verdict' }, summary.verdict));
    if (summary.trades.closed + summary.trades.open === 0) noTrades(context);
    headlineSection(context);
    equitySection(context);
    programmeSection(context);
    periodSection(context);
    rollingSection(context);
    section('drawdowns', 'Drawdowns', ...model.tables.drawdowns.map(tableOf));
    const trades = tradeSection(context);
    section('time', 'Time of day and session', ...model.tables.time.map(tableOf));
    instrumentSection(context);
    costSection(context);
    section('rolls', 'Rolls', ...model.tables.rolls.map(tableOf));
    exposureSection(context);
    const jump = priceSection(context);
    trades.onOpen((row) => jump(row));
    context.selectTrade = trades.select;
    context.jump = jump;
    sureSection(context);
    section(
      'data',
      'Data and problems',
      ordersLine(summary),
      warningList(summary),
      ...model.tables.data.map(tableOf),
    );
    reproduceSection(context);
    definitionSection(context);

    const nav = h(
      'nav',
      { class: 'contents', 'aria-label': 'Sections' },
      h(
        'ol',
        {},
        sections.map((one) =>
          h(
            'li',
            {},
            h(
              'a',
              { href: `#section=${one.id}`, onclick: (event) => goTo(event, one.id) },
              one.title,
            ),
          ),
        ),
      ),
    );
    const main = h(
      'main',
      {},
      sections.map((one) => one.element),
    );
    const layout = h(
      'div',
      { class: 'layout' },
      header(context),
      nav,
      main,
      keyHelp({
        '/': () => trades.filter(),
        j: () => trades.step(1),
        k: () => trades.step(-1),
        t: () => cycleTheme(),
      }),
      h(
        'footer',
        {},
        'Keys: ? for help. Charts: uPlot (MIT) and ',
        h(
          'a',
          { href: 'https://www.tradingview.com/', rel: 'noreferrer' },
          'TradingView Lightweight Charts™',
        ),
        ' (Apache-2.0).',
      ),
    );
    document.getElementById('app').replaceChildren(layout);
    return context;
  }
  function goTo(event, id) {
    event.preventDefault();
    setState('section', id);
    const target = document.getElementById(id);
    target.scrollIntoView();
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  function facts({ manifest, summary }) {
    const roots = manifest.instruments.map((one) => one.root).join(', ');
    const intervals = [...new Set(Object.values(manifest.executionIntervals))].join(', ');
    return [
      ['Strategy', `${manifest.strategy.id} ${manifest.strategy.version}`],
      ['Instruments', roots],
      ['Span', `${manifest.from} to ${manifest.to} (trade dates)`],
      ['Resolution', intervals || '–'],
      ['Fill policy', manifest.fillPolicy],
      ['Capital', `${fixed(manifest.capitalMicros / 1e6, 2)} ${manifest.currency}`],
      ['Return base', manifest.returnBase === 'equity' ? 'equity (compounding)' : 'fixed capital'],
      ['Seed', String(manifest.seed)],
      ['Trials', 'unknown (single run)'],
      [
        'Data',
        manifest.datasets.map((one) => `${one.name}@${one.checksum.slice(0, 10)}`).join(', '),
      ],
      ['Program', `frontmonth ${manifest.program.version}`],
      ['Duration', `${fixed(manifest.wallSeconds, 1)} s, ${fixed(manifest.bars, 0)} bars`],
      ['Run', manifest.runId],
      ['Created', manifest.createdUtc],
      ['Event hash', summary.eventHash.slice(0, 16)],
    ];
  }
  function setTheme(name) {
    root.dataset.theme = name;
    setState('theme', name);
    remember(name);
    setTheme.show?.(name);
    redraw.forEach((draw) => draw());
  }
  function cycleTheme() {
    const names = ['auto', 'light', 'dark'];
    setTheme(names[(names.indexOf(root.dataset.theme) + 1) % names.length]);
  }
  function header(context) {
    const { model, manifest } = context;
    const rows = facts(context);
    const copy = h('button', { type: 'button' }, 'Copy as text');
    copy.addEventListener('click', async () => {
      const text = [
        ...model.labels,
        ...rows.map(([name, value]) => `${name}: ${value}`),
        context.summary.verdict,
      ].join('\n');
      await navigator.clipboard.writeText(text).then(
        () => (copy.textContent = 'Copied'),
        () => (copy.textContent = 'Copying is not allowed here'),
      );
    });
    const theme = h(
      'select',
      { 'aria-label': 'Theme' },
      ['auto', 'light', 'dark'].map((name) =>
        h('option', { value: name, selected: name === root.dataset.theme }, name),
      ),
    );
    theme.addEventListener('change', () => setTheme(theme.value));
    setTheme.show = (name) => (theme.value = name);
    const notation = h(
      'select',
      { 'aria-label': 'Prices of Treasuries' },
      h('option', { value: '' }, 'decimals'),
      h(
        'option',
        { value: 'fractions', selected: state.get('prices') === 'fractions' },
        "110'16.5",
      ),
    );
    notation.addEventListener('change', () => {
      setState('prices', notation.value || null);
      for (const draw of tables) draw();
    });
    const hasNotation = manifest.instruments.some((one) => fractionDigits(one) >= 0);
    return h(
      'header',
      { class: 'top' },
      h(
        'h1',
        {},
        `${manifest.strategy.id} on ${manifest.instruments.map((one) => one.root).join(', ')}`,
      ),
      h(
        'div',
        { class: 'bar' },
        model.labels.map((label) => h('span', { class: 'label' }, label)),
        copy,
        hasNotation ? h('label', { class: 'muted' }, 'Prices ', notation) : null,
        h('label', { class: 'muted' }, 'Theme ', theme),
      ),
      manifest.error
        ? h('p', { class: 'failure' }, `${manifest.error.code}: ${manifest.error.message}`)
        : null,
      h(
        'dl',
        { class: 'facts' },
        rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
      ),
    );
  }

  /** The span of dates that is zoomed in on: trades, months and costs follow it. */
  function dateRange(data) {
    const dates = data['day.date'];
    const [first, last] = [dates[0], dates[dates.length - 1]];
    const listeners = [];
    let chart = null;
    let now = null;
    const set = (next) => {
      if (now?.from === next?.from && now?.to === next?.to) return;
      now = next;
      setState('from', now === null ? null : isoDate(now.from));
      setState('to', now === null ? null : isoDate(now.to));
      for (const listener of listeners) listener(now);
    };
    const dayOf = (key) => Date.parse(`${state.get(key) ?? ''}T00:00:00Z`) / (DAY * 1000);
    const asked = { from: dayOf('from'), to: dayOf('to') };
    let isReady = false;
    return {
      has: (day) => now === null || (day >= now.from && day <= now.to),
      get: () => now,
      onChange: (listener) => listeners.push(listener),
      connect: (one) => (chart = one),
      /** A chart of days shows these seconds. */
      onShown: (min, max) => {
        if (!isReady) return;
        const isAll = min <= first * DAY && max >= last * DAY;
        set(isAll ? null : { from: Math.ceil(min / DAY), to: Math.floor(max / DAY) });
      },
      clear: () => chart?.zoom(first * DAY, last * DAY),
      zoom: (from, to) => {
        document.getElementById('equity').scrollIntoView();
        chart?.zoom(from * DAY, Math.max(to, from + 1) * DAY);
        chart?.focus();
      },
      /** After the first drawing: what the address asks for. */
      start: () => {
        isReady = true;
        if (asked.from < asked.to && dates.length > 1)
          chart?.zoom(asked.from * DAY, asked.to * DAY);
      },
    };
  }
  function rangeChip(range, count) {
    const chip = h('p', { class: 'chip', role: 'status', hidden: true });
    range.onChange((now) => {
      chip.hidden = now === null;
      if (now === null) return;
      const all = h('button', { type: 'button', onclick: () => range.clear() }, 'Show all');
      chip.replaceChildren(`${isoDate(now.from)} to ${isoDate(now.to)}, ${count()} `, all);
    });
    return chip;
  }
  function instrumentSection({ section, model, tableOf, instruments, currency }) {
    const [list, contracts, ...rest] = model.tables.instruments;
    const netAt = contracts.columns.findIndex((one) => one.key === 'net');
    const groups = new Map();
    for (const row of contracts.rows) groups.set(row[0], [...(groups.get(row[0]) ?? []), row]);
    const folded = [...groups].map(([name, rows]) => {
      const net = rows.reduce((sum, row) => sum + row[netAt], 0);
      const details = h(
        'details',
        {},
        h(
          'summary',
          {},
          `${name} ${instruments.get(name)?.name ?? ''}: ${fixed(rows.length, 0)} contracts held, net ${signed(net, 2)} ${currency}`,
        ),
      );
      details.addEventListener('toggle', () => {
        if (details.childElementCount > 1) return;
        details.append(
          tableOf({ ...contracts, id: `contracts-${name}`, title: `Contracts of ${name}`, rows }),
        );
      });
      return details;
    });
    section(
      'instruments',
      'Instruments and contracts',
      tableOf(list),
      h('h3', {}, 'By expiry'),
      folded.length === 0 ? h('p', { class: 'note' }, 'No contract was held.') : folded,
      ...rest.map(tableOf),
    );
  }

  function noTrades({ section, summary, manifest, model }) {
    const refused = (group) =>
      Object.entries(group).map(([reason, count]) => h('li', {}, `${reason}: ${fixed(count, 0)}`));
    section(
      'no-trades',
      'No trades',
      h(
        'p',
        {},
        `${fixed(summary.bars, 0)} bars were seen from ${manifest.from} to ${manifest.to}; ${fixed(summary.orders.submitted, 0)} orders were sent, ${fixed(summary.orders.filled, 0)} of them filled.`,
      ),
      h('h3', {}, 'Denied by the risk gate'),
      h(
        'ul',
        {},
        refused(summary.orders.denied).length > 0
          ? refused(summary.orders.denied)
          : h('li', {}, 'none'),
      ),
      h('h3', {}, 'Rejected by the venue'),
      h(
        'ul',
        {},
        refused(summary.orders.rejected).length > 0
          ? refused(summary.orders.rejected)
          : h('li', {}, 'none'),
      ),
      h(
        'p',
        {},
        summary.orders.submitted === 0
          ? 'The strategy sent no order: its signal never fired, its warm-up is longer than the span, or its parameters exclude every bar.'
          : 'See the reasons above and the section on data and problems.',
      ),
      h(
        'p',
        {},
        `${fixed(summary.rolls.chains, 0)} rolls of the chains in the span; data sets: ${model.manifest.datasets.map((one) => one.name).join(', ') || 'none'}.`,
      ),
    );
  }

  function headlineSection(context) {
    const { model, summary, section, show, defs, currency, figure } = context;
    const hasBound = summary.optimistic !== null;
    const compared = model.compared;
    const keys =
      summary.returnBase === 'fixed'
        ? model.headline.map((key) => (key === 'cagr' ? 'annualReturn' : key))
        : model.headline;
    const rows = keys.map((key) => {
      const def = defs.get(key);
      const range = summary.intervals90[key];
      const one = figure(key);
      return h(
        'tr',
        {},
        h(
          'th',
          { scope: 'row', class: 'text', title: def.formula },
          def.label,
          def.kind === 'money' || def.kind === 'amount'
            ? h('span', { class: 'muted' }, ` ${currency}`)
            : null,
          one.reason ? h('div', { class: 'note' }, one.reason) : null,
        ),
        h(
          'td',
          {},
          show(key),
          range ? intervalBar(range.low, range.high, one.value, def.kind) : null,
        ),
        hasBound ? h('td', {}, show(key, summary.optimistic)) : null,
        compared ? h('td', {}, show(key, compared.metrics)) : null,
      );
    });
    const head = [
      'Figure',
      summary.fillPolicy,
      ...(hasBound ? ['optimistic'] : []),
      ...(compared ? [compared.runId] : []),
    ];
    const part = (label, some) =>
      h(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
        h(
          'table',
          {},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              head.map((name, i) => h('th', { scope: 'col', class: i === 0 ? 'text' : '' }, name)),
            ),
          ),
          h('tbody', {}, some),
        ),
      );
    const half = keys.indexOf('maxDrawdownIntraday');
    section(
      'headline',
      'Headline',
      h(
        'div',
        { class: 'pair headline' },
        part('Headline figures, return and risk', rows.slice(0, half)),
        part('Headline figures, drawdown and trades', rows.slice(half)),
      ),
      h(
        'p',
        { class: 'note' },
        `${hasBound ? '' : 'The optimistic bound was not run. '}Figures in italics come from too few trades or dates. Bars under a value: 90 % interval of a stationary bootstrap of trade dates.`,
      ),
    );
  }

  function equitySection({ data, model, section, figure, currency, summary, range, tableOf }) {
    const spans = model.spans;
    const days = Array.from(data['day.date']);
    if (days.length === 0)
      return section('equity', 'Equity and drawdown', h('p', {}, 'No trade dates.'));
    // A warm-up lies before the first trade date: the axis begins with it, the lines do not.
    const before = spans.map((span) => span.from).filter((day) => day < days[0]);
    const x = [...before, ...days].map((day) => day * DAY);
    const padded = (values) => [...before.map(() => NaN), ...values];
    const known = data['day.optimistic'].some((value) => !Number.isNaN(value));
    const hasBound =
      known && data['day.optimistic'].some((value, d) => value !== data['day.equity'][d]);
    const bound = hasBound
      ? ' Shaded to the optimistic bound.'
      : known
        ? ' The optimistic bound is the same line.'
        : '';
    const equity = data['day.equity'];
    const held = Array.from(data['day.benchmark']).filter((value) => !Number.isNaN(value));
    const canLog = [...equity, ...held].every((value) => value > 0);
    // One width of the axis: the drawdown stands under the equity on the same dates.
    const widest = [...equity, ...held, ...data['day.drawdown'].map((value) => -value)];
    const axisWidth =
      22 + 7 * Math.max(...widest.map((value) => axisText('amount', Math.round(value)).length));
    const series = [{ label: summary.fillPolicy, values: padded(equity), colour: 'gain' }];
    if (hasBound)
      series.push({
        label: 'optimistic',
        values: padded(data['day.optimistic']),
        colour: 'third',
        isThin: true,
      });
    const option = (label) => h('button', { type: 'button', 'aria-pressed': 'false' }, label);
    const closed = option('Closed trades only');
    const benchmark = option('Benchmark');
    benchmark.title = model.benchmark;
    const isOn = (button) => button.getAttribute('aria-pressed') === 'true';
    const host = h('div');
    const build = () => {
      const drawn = [...series];
      const extra = (label, name) =>
        drawn.push({ label, values: padded(data[name]), colour: 'fourth' });
      if (isOn(closed)) extra('closed trades', 'day.closed');
      if (isOn(benchmark)) extra(`benchmark: ${model.benchmark}`, 'day.benchmark');
      return lineChart({
        title: `Equity, ${currency}, daily mark`,
        summary: `From ${fixed(model.manifest.capitalMicros / 1e6, 2)} to ${fixed(equity.at(-1), 2)}; settled low ${fixed(Math.min(...equity), 2)}.${bound}${spans.length === 0 ? '' : ` Grey: ${spans.map((one) => one.label).join(', ')}.`}`,
        x,
        series: drawn,
        kind: 'amount',
        height: 320,
        sync: 'days',
        hasLog: canLog,
        band: hasBound,
        spans,
        axisWidth,
        onRange: range.onShown,
        connect: range.connect,
        tools: held.length === 0 ? [closed] : [closed, benchmark],
      });
    };
    host.append(build());
    for (const button of [closed, benchmark]) {
      button.addEventListener('click', () => {
        button.setAttribute('aria-pressed', String(!isOn(button)));
        host.replaceChildren(build());
        redraw.at(-1)();
      });
    }
    const max = figure('maxDrawdown');
    const drawdown = lineChart({
      title: `Drawdown, ${currency}`,
      summary: `Deepest ${format('amount', max.value)} on settlement, ${format('amount', figure('maxDrawdownIntraday').value)} inside a date.`,
      x,
      series: [
        {
          label: 'below peak',
          values: padded(data['day.drawdown'].map((value) => -value)),
          colour: 'loss',
          fill: true,
          kind: 'amount',
        },
      ],
      kind: 'amount',
      height: 170,
      sync: 'days',
      // Named on the chart above.
      spans: spans.map((span) => ({ ...span, label: '' })),
      axisWidth,
    });
    const dates = () => `${fixed(data['day.date'].filter(range.has).length, 0)} trade dates.`;
    const tables = (model.tables.equity ?? []).map(tableOf);
    return section(
      'equity',
      'Equity and drawdown',
      rangeChip(range, dates),
      host,
      drawdown,
      ...tables,
    );
  }

  function periodSection({ model, section, tableOf, currency, range }) {
    const months = [
      'Jan',
      'Feb',
      'Mar',
      'Apr',
      'May',
      'Jun',
      'Jul',
      'Aug',
      'Sep',
      'Oct',
      'Nov',
      'Dec',
    ];
    let unit = state.get('heat') ?? 'money';
    const body = h('tbody');
    const draw = () => {
      const c = colours();
      const read = (row) =>
        unit === 'money' ? [...row.months, row.total] : [...row.returns, row.totalReturn];
      const size = Math.max(
        1e-12,
        ...model.years.flatMap((row) =>
          read(row)
            .slice(0, 12)
            .map((value) => Math.abs(value ?? 0)),
        ),
      );
      body.replaceChildren(
        ...model.years.map((row) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row', class: 'text' }, String(row.year)),
            read(row).map((value, month) => {
              const td = h(
                'td',
                {},
                value === null ? '' : unit === 'money' ? signed(value, 0) : share(value),
              );
              const strength = Math.min(0.5, (Math.abs(value ?? 0) / size) * 0.5);
              if (value !== null && month < 12)
                td.style.backgroundColor = faded(
                  value >= 0 ? c.gain : c.loss,
                  strength * (c.bg === '#ffffff' ? 0.7 : 0.85),
                );
              if (month === 12) td.style.fontWeight = '600';
              const from = Date.UTC(row.year, month, 1) / (DAY * 1000);
              const to = Date.UTC(row.year, month + 1, 0) / (DAY * 1000);
              const now = range.get();
              if (month < 12 && now !== null && (to < now.from || from > now.to))
                td.className = 'out';
              return td;
            }),
          ),
        ),
      );
    };
    redraw.push(draw);
    range.onChange(draw);
    const button = (name, label) =>
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(unit === name),
          onclick: (event) => {
            unit = name;
            setState('heat', name);
            for (const one of event.target.parentElement.children)
              one.setAttribute('aria-pressed', String(one === event.target));
            draw();
          },
        },
        label,
      );
    const total = model.years.reduce((sum, row) => sum + row.total, 0);
    section(
      'periods',
      'Returns by period',
      model.years.length === 0
        ? h('p', {}, 'No trade dates.')
        : h(
            'figure',
            {},
            h(
              'figcaption',
              {},
              h('strong', {}, 'Month by year'),
              ` ${model.years.length} calendar years, together ${signed(total, 2)} ${currency}.`,
            ),
            h('div', { class: 'tools' }, button('money', currency), button('percent', 'Percent')),
            h(
              'div',
              { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Month by year' },
              h(
                'table',
                { class: 'heat' },
                h(
                  'thead',
                  {},
                  h(
                    'tr',
                    {},
                    ['Year', ...months, 'Total'].map((name, i) =>
                      h('th', { scope: 'col', class: i === 0 ? 'text' : '' }, name),
                    ),
                  ),
                ),
                body,
              ),
            ),
          ),
      h('div', { class: 'beside' }, model.tables.periods.map(tableOf)),
    );
  }

  function rollingSection({ data, section, currency }) {
    const x = data['day.date'].map((day) => day * DAY);
    const charts = [];
    const known = (name) => data[name].some((value) => !Number.isNaN(value));
    const last = (name, kind) =>
      format(
        kind,
        data[name].findLast((value) => !Number.isNaN(value)),
      );
    for (const [name, title, kind] of [
      ['sharpe', 'Rolling Sharpe', 'ratio'],
      ['volatility', 'Rolling volatility p.a.', 'share'],
    ]) {
      if (!known(`day.${name}63`)) continue;
      const series = [
        { label: '63 dates', values: data[`day.${name}63`], colour: 'fourth', isThin: true },
        { label: '252 dates', values: data[`day.${name}252`], colour: 'gain' },
      ];
      charts.push(
        lineChart({
          title,
          summary: `Last ${last(`day.${name}63`, kind)} over 63 dates, ${last(`day.${name}252`, kind)} over 252.`,
          x,
          series,
          kind,
          height: 200,
          sync: 'days',
        }),
      );
    }
    if (known('rolling.expectancy')) {
      const values = data['rolling.expectancy'];
      charts.push(
        lineChart({
          title: `Rolling expectancy over 50 trades, ${currency}`,
          summary: `Last ${last('rolling.expectancy', 'money')} a trade.`,
          x: values.map((_, i) => i + 1),
          isTime: false,
          series: [{ label: 'mean net', values, colour: 'gain' }],
          kind: 'money',
          height: 200,
        }),
      );
    }
    section(
      'rolling',
      'Rolling',
      ...(charts.length === 0
        ? [h('p', { class: 'note' }, 'Too few: 63 trade dates or 50 closed trades are needed.')]
        : charts),
    );
  }

  function tradeSection(context) {
    const { model, data, section, instruments, currency, range } = context;
    let open = () => {};
    const selected = { row: -1 };
    const build = (mode) => {
      const columns = model.tradeColumns;
      const values = columns.map((column) => data[`${mode}.${column.key}`]);
      const roots = data[`${mode}.instrument`];
      return dataTable({
        id: `trades-${mode}`,
        title: mode === 'flat' ? 'Trades, flat to flat' : 'Trades in FIFO lots',
        columns,
        count: model.tradeCounts[mode],
        get: (row, c) => values[c][row],
        instrumentOf: (row) => instruments.get(roots[row]),
        isSelected: (row) => mode === 'flat' && row === selected.row,
        keep: (row) => range.get() === null || range.has(data[`${mode}.date`][row]),
        onOpen: (row) => openTrade(mode, row),
      });
    };
    const tables = {};
    let mode = state.get('mode') === 'fifo' ? 'fifo' : 'flat';
    const host = h('div');
    const swap = (to) => {
      mode = to;
      tables[mode] ??= build(mode);
      host.replaceChildren(tables[mode].element);
      for (const [name, button] of buttons)
        button.setAttribute('aria-pressed', String(name === mode));
      setState('mode', mode === 'fifo' ? 'fifo' : null);
    };
    const openTrade = (from, row) => {
      if (from === 'flat') {
        selected.row = row;
        setState('trade', String(data['flat.id'][row]));
        tables.flat?.reveal(row);
      }
      open({
        root: data[`${from}.instrument`][row],
        entryUs: data[`${from}.entryUs`][row],
        exitUs: data[`${from}.exitUs`][row],
        entryPrice: data[`${from}.entryPrice`][row],
        exitPrice: data[`${from}.exitPrice`][row],
        side: data[`${from}.side`][row],
        mae: data[`${from}.mae`][row],
        mfe: data[`${from}.mfe`][row],
        fromUs: data[`${from}.entryUs`][row],
        toUs: data[`${from}.exitUs`][row],
        id: data[`${from}.id`][row],
        isFlat: from === 'flat',
      });
    };
    const buttons = [
      ['flat', 'Flat to flat'],
      ['fifo', 'FIFO lots'],
    ].map(([name, label]) => [
      name,
      h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => swap(name) }, label),
    ]);
    const count = model.tradeCounts.flat;
    swap(mode);
    const inRange = () =>
      Array.from(data['flat.date'].keys()).filter((row) => range.has(data['flat.date'][row]));
    range.onChange(() => Object.values(tables).forEach((table) => table.refresh()));
    const chip = rangeChip(
      range,
      () => `filtered: ${fixed(inRange().length, 0)} of ${fixed(count, 0)} trades by exit.`,
    );
    const step = (by) => {
      if (count === 0) return;
      if (mode !== 'flat') swap('flat');
      const order = tables.flat.order();
      const at = order.indexOf(selected.row);
      const next = order[at < 0 ? (by > 0 ? 0 : order.length - 1) : at + by];
      if (next !== undefined) openTrade('flat', next);
    };
    const net = data['flat.net'];
    section(
      'trades',
      'Trades',
      ...(count === 0
        ? [h('p', {}, 'No trades; see the section of that name.')]
        : [
            h(
              'p',
              { class: 'note' },
              `Results in the currency of the product; cumulative net in ${currency}. Times in exchange time. The number of a trade shows it in the price chart, with the words why it filled, and a marker there leads back to its row.`,
            ),
            h(
              'div',
              { class: 'tools' },
              h('span', {}, 'View'),
              buttons.map(([, button]) => button),
            ),
            chip,
            host,
            sidesTable(context),
            h(
              'div',
              { class: 'pair' },
              model.histograms.map(histogram),
              scatter('MAE against result', 'MAE', 'Net', data['flat.maeMoney'], net),
              scatter('MFE against result', 'MFE', 'Net', data['flat.mfeMoney'], net),
              scatter('ETD against result', 'ETD', 'Net', data['flat.etdMoney'], net),
            ),
          ]),
    );
    /** From the chart: the row of a trade by its number. */
    const select = (id) => {
      const row = data['flat.id'].indexOf(id);
      if (row < 0) return;
      if (mode !== 'flat') swap('flat');
      selected.row = row;
      setState('trade', String(id));
      if (!range.has(data['flat.date'][row])) range.clear();
      tables.flat.visit(row);
    };
    return {
      step,
      select,
      filter: () => {
        document.getElementById('trades').scrollIntoView();
        tables[mode]?.search.focus({ preventScroll: true });
      },
      onOpen: (handler) => {
        open = handler;
        const id = Number(state.get('trade'));
        const row = state.has('trade') && count > 0 ? data['flat.id'].indexOf(id) : -1;
        if (row >= 0)
          redraw.push(function once() {
            redraw.splice(redraw.indexOf(once), 1);
            setTimeout(() => openTrade('flat', row), 50);
          });
      },
    };
  }

  /** Long, short and all, in columns. */
  function sidesTable({ model, defs, currency }) {
    const sides = ['all', 'long', 'short'];
    const keys = Object.keys(model.sides.all);
    return h(
      'div',
      {},
      h('h3', {}, 'All, long, short'),
      h(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'All, long, short' },
        h(
          'table',
          {},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              ['Closed trades', ...sides].map((name, i) =>
                h('th', { scope: 'col', class: i === 0 ? 'text' : '' }, name),
              ),
            ),
          ),
          h(
            'tbody',
            {},
            keys.map((key) => {
              const def = defs.get(key);
              const unit = def.kind === 'money' ? ` ${currency}` : '';
              return h(
                'tr',
                {},
                h(
                  'th',
                  { scope: 'row', class: 'text', title: def.formula },
                  `${key === 'netProfit' ? 'Net' : def.label}${unit}`,
                ),
                sides.map((side) => {
                  const one = model.sides[side][key];
                  return h('td', { title: one.reason }, format(def.kind, one.value));
                }),
              );
            }),
          ),
        ),
      ),
    );
  }
  function figureTable({ defs, show, currency }, title, keys, extra) {
    const row = (key) =>
      h(
        'tr',
        {},
        h(
          'th',
          { scope: 'row', class: 'text', title: defs.get(key).formula },
          defs.get(key).label,
          ['money', 'amount'].includes(defs.get(key).kind)
            ? h('span', { class: 'muted' }, ` ${currency}`)
            : null,
        ),
        h('td', {}, show(key)),
        ...(extra ? extra(key).map((text) => h('td', {}, text)) : []),
      );
    return h(
      'div',
      {},
      h('h3', {}, title),
      h(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
        h('table', {}, h('tbody', {}, keys.map(row))),
      ),
    );
  }
  function costSection(context) {
    const { section, figure, manifest, range, data } = context;
    const filtered = rangeChip(range, () => {
      const rows = Array.from(data['flat.date'].keys()).filter((row) =>
        range.has(data['flat.date'][row]),
      );
      const sum = (name) => rows.reduce((total, row) => total + data[`flat.${name}`][row], 0);
      const isOne = manifest.instruments.every((one) => one.currency === manifest.currency);
      return isOne
        ? `${fixed(rows.length, 0)} trades by exit: gross ${signed(sum('gross'), 2)}, commission ${fixed(sum('commission'), 2)}, fees ${fixed(sum('fees'), 2)}, net ${signed(sum('net'), 2)} ${manifest.currency}.`
        : `${fixed(rows.length, 0)} trades by exit; several currencies are not added up here.`;
    });
    const sides = figure('contractSides').value ?? 0;
    const gross = figure('grossProfit').value ?? 0;
    // One more tick a side costs net - netPlus1Tick.
    const tickValue = (figure('netProfit').value ?? 0) - (figure('netPlus1Tick').value ?? 0);
    const extra = (key) => {
      const value = figure(key).value ?? 0;
      return [
        sides > 0 ? `${fixed((value / sides) * 2, 2)} per round turn` : '–',
        sides > 0 ? `${fixed(value / tickValue, 2)} ticks per contract and side` : '–',
        gross > 0 ? `${share(value / gross)} of gross` : '–',
      ];
    };
    const rates = new Map();
    for (const one of manifest.instruments) {
      const cost = manifest.costs[one.root];
      const text = cost
        ? `commission ${fixed(cost.commissionPerSide, 2)}, exchange fee ${fixed(cost.exchangeFeePerSide, 2)} ${one.currency} a side; slippage ${cost.slippageTicks} ${cost.slippageTicks === 1 ? 'tick' : 'ticks'}`
        : 'no costs recorded';
      rates.set(text, [...(rates.get(text) ?? []), one.root]);
    }
    section(
      'costs',
      'Costs',
      filtered,
      h(
        'ul',
        { class: 'note' },
        [...rates].map(([text, roots]) => h('li', {}, `${roots.join(', ')}: ${text}`)),
      ),
      figureTable(
        context,
        'What it cost',
        ['commission', 'exchangeFees', 'slippageCost', 'rollCost', 'totalCost'],
        extra,
      ),
      h(
        'div',
        { class: 'pair' },
        figureTable(context, 'From gross to net', [
          'grossProfit',
          'commission',
          'exchangeFees',
          'currencyTranslation',
          'netProfit',
        ]),
        figureTable(context, 'Room for more cost', [
          'breakEvenTicks',
          'slippageTicks',
          'netProfit',
          'netPlus1Tick',
          'netPlus2Ticks',
          'costShareOfGross',
        ]),
      ),
    );
  }
  function programmeSection({ data, section, model, tableOf, currency }) {
    const tables = model.tables.account;
    if (tables.length === 0) return;
    const x = data['day.date'].map((day) => day * DAY);
    const lines = (all) =>
      all
        .map(([label, name, colour]) => ({
          label,
          values: data[name],
          colour,
          isThin: colour !== 'gain',
        }))
        .filter((one) => one.values.some((value) => !Number.isNaN(value)));
    const chart = (title, summary, series) =>
      series.length === 0
        ? null
        : lineChart({ title, summary, x, series, kind: 'money', height: 200, sync: 'days' });
    const closest = data['day.floorClosest'].filter((value) => !Number.isNaN(value));
    const [state, ...rest] = tables;
    const hasFloor = closest.length > 0;
    section(
      'account',
      'Account rules',
      tableOf(state),
      chart(
        `Equity, floor and daily limit, ${currency}`,
        'At the end of each trade date, with the levels that held on it; until the account ended.',
        lines([
          ['equity', 'day.accountEquity', 'gain'],
          ['floor', 'day.floor', 'loss'],
          ['daily limit', 'day.dayFloor', 'third'],
        ]),
      ),
      hasFloor
        ? chart(
            `Distance to the floor, ${currency}`,
            `Least ${format('money', Math.min(...closest))}. No point “if all stops fill” where a position has no stop.`,
            lines([
              ['at the end of the date', 'day.floorLeft', 'gain'],
              ['there, if all stops fill', 'day.floorAtStops', 'third'],
              ['least inside it', 'day.floorClosest', 'loss'],
            ]),
          )
        : null,
      ...rest.map(tableOf),
    );
  }
  function exposureSection(context) {
    const { data, section } = context;
    const x = data['day.date'].map((day) => day * DAY);
    const near = data['day.maintenance'].filter((value) => value > 0.8).length;
    const over = data['day.maintenance'].filter((value) => value > 1).length;
    const chart = (title, summary, series, kind) =>
      lineChart({ title, summary, x, series, kind, height: 180, sync: 'days' });
    section(
      'exposure',
      'Exposure and margin',
      ...(x.length === 0
        ? [h('p', {}, 'No trade dates.')]
        : [
            chart(
              'Margin as share of equity',
              `Peak initial ${format('share', context.figure('peakMargin').value)}; ${fixed(near, 0)} dates near a margin call (maintenance above 80 % of equity), ${fixed(over, 0)} above all of it.`,
              [
                { label: 'initial', values: data['day.margin'], colour: 'gain' },
                {
                  label: 'maintenance',
                  values: data['day.maintenance'],
                  colour: 'loss',
                  isThin: true,
                },
              ],
              'share',
            ),
            chart(
              'Notional ÷ equity',
              `Peak gross ${format('ratio', context.figure('peakGrossNotional').value)}.`,
              [
                { label: 'gross', values: data['day.gross'], colour: 'gain' },
                { label: 'net', values: data['day.net'], colour: 'loss', isThin: true },
              ],
              'ratio',
            ),
            chart(
              'Contracts held at settlement',
              `At most ${fixed(Math.max(...data['day.contracts']), 0)}.`,
              [{ label: 'contracts', values: data['day.contracts'], colour: 'gain' }],
              'count',
            ),
          ]),
      h(
        'div',
        { class: 'pair' },
        figureTable(context, 'Margin and need', [
          'peakMargin',
          'meanMargin',
          'peakMaintenance',
          'capitalNeeded',
          'exposure',
        ]),
        figureTable(context, 'Notional and turnover', [
          'meanGrossNotional',
          'peakGrossNotional',
          'meanNetNotional',
          'peakNetNotional',
          'roundTurnsPerYear',
          'notionalTurnover',
        ]),
      ),
    );
  }
  function sureSection(context) {
    const { section, summary, tableOf, model, currency } = context;
    const { ambiguity, trades } = summary;
    const net = context.figure('netProfit').value ?? 0;
    const ranges = Object.entries(summary.intervals90).map(([key, range]) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row', class: 'text' }, context.defs.get(key)?.label ?? key),
        h('td', {}, context.show(key)),
        h(
          'td',
          { class: 'text' },
          intervalBar(
            range.low,
            range.high,
            context.figure(key).value,
            context.defs.get(key)?.kind ?? 'ratio',
          ) ?? 'undefined',
        ),
      ),
    );
    section(
      'how-sure',
      'How sure',
      h(
        'p',
        {},
        `${fixed(ambiguity.groups, 0)} ambiguous groups touch ${fixed(trades.ambiguous, 0)} of ${fixed(trades.closed, 0)} closed trades; ${fixed(ambiguity.atStakeMicros / 1e6, 2)} ${currency} at stake.${ambiguity.isBarResolutionSensitive ? ' Bar-resolution-sensitive: this data cannot decide.' : ''}${ambiguity.bounds === undefined ? '' : ` Net between ${fixed(ambiguity.bounds.worst, 2)} and ${fixed(ambiguity.bounds.best, 2)}, every group against us and for us.${net < ambiguity.bounds.worst || net > ambiguity.bounds.best ? ' The headline lies outside: they bound each group, not the run.' : ''}`}${ambiguity.seeded === undefined ? '' : ` Over ${fixed(ambiguity.seeded.runs, 0)} draws the median is ${fixed(ambiguity.seeded.p50, 2)}, 5 % ${fixed(ambiguity.seeded.p05, 2)}, 95 % ${fixed(ambiguity.seeded.p95, 2)}.`}`,
      ),
      h('p', {}, 'Trials unknown: a single run does not say how many were tried before it.'),
      ranges.length === 0
        ? h('p', { class: 'note' }, 'No bootstrap was run.')
        : h(
            'div',
            {},
            h('h3', {}, '90 % intervals, stationary bootstrap'),
            h(
              'div',
              {
                class: 'scroll',
                tabindex: '0',
                role: 'region',
                'aria-label': 'Bootstrap intervals',
              },
              h('table', {}, h('tbody', {}, ranges)),
            ),
          ),
      h(
        'div',
        { class: 'pair' },
        figureTable(context, 'Fragility', [
          'netProfit',
          'netPlus1Tick',
          'netPlus2Ticks',
          'netWithoutBest5Dates',
          'netWithoutBest5Trades',
          'netFirstHalf',
          'netSecondHalf',
          'netOneBarLater',
        ]),
        figureTable(context, 'Ratios behind the ratio', [
          'sharpe',
          'sharpeError',
          'autocorrelation',
          'probabilisticSharpe',
          'deflatedSharpe',
          'tradeT',
          'skew',
          'excessKurtosis',
        ]),
      ),
      ...model.tables['how-sure'].map(tableOf),
    );
  }
  function ordersLine(summary) {
    const count = (group) => Object.values(group).reduce((a, b) => a + b, 0);
    const { orders } = summary;
    return h(
      'p',
      {},
      `${fixed(orders.submitted, 0)} orders: ${fixed(orders.filled, 0)} filled, ${fixed(count(orders.denied), 0)} denied by the risk gate, ${fixed(count(orders.rejected), 0)} rejected by the venue.`,
    );
  }
  function warningList(summary) {
    if (summary.warnings.length === 0) return h('p', { class: 'note' }, 'No warnings.');
    return h(
      'ul',
      {},
      summary.warnings.map((one) => h('li', {}, `${one.code}: ${one.message}`)),
    );
  }
  function reproduceSection({ section, manifest, summary }) {
    const button = h(
      'button',
      {
        type: 'button',
        onclick: () =>
          save(
            `${manifest.runId}.manifest.json`,
            'application/json',
            JSON.stringify(manifest, null, 2),
          ),
      },
      'Save manifest.json',
    );
    section(
      'reproduce',
      'Reproduce',
      h(
        'pre',
        { tabindex: '0' },
        `${manifest.command.join(' ')}\nfrontmonth rerun ${manifest.runId} --verify`,
      ),
      h('p', { class: 'note' }, `Event-log hash ${summary.eventHash}`),
      h('h3', {}, 'Parameters'),
      h('pre', { tabindex: '0' }, JSON.stringify(manifest.params, null, 2)),
      h('h3', {}, 'Configuration'),
      h('pre', { tabindex: '0' }, JSON.stringify(manifest.config, null, 2)),
      h('h3', {}, 'Roll rules and adjustment'),
      h(
        'pre',
        { tabindex: '0' },
        manifest.instruments
          .map(
            (one) =>
              `${one.root}  ${manifest.rollRules[one.root] ?? '–'}  ${manifest.adjustments[one.root] ?? '–'}  ${manifest.executionIntervals[one.root] ?? '–'}`,
          )
          .join('\n'),
      ),
      h('div', { class: 'tools' }, button),
    );
  }
  function definitionSection({ section, model, show, manifest }) {
    section(
      'definitions',
      'Definitions and all figures',
      h(
        'p',
        { class: 'note' },
        `d runs over all trade dates, flat ones included; E_d is equity after the daily settlement mark; A = 252; return base ${manifest.returnBase}; capital ${fixed(manifest.capitalMicros / 1e6, 2)} ${manifest.currency}.`,
      ),
      h(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Definitions' },
        h(
          'table',
          {},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col', class: 'text' }, 'Figure'),
              h('th', { scope: 'col' }, 'Value'),
              h('th', { scope: 'col', class: 'text' }, 'Formula'),
            ),
          ),
          h(
            'tbody',
            {},
            model.metricDefs.map((def) =>
              h(
                'tr',
                {},
                h('th', { scope: 'row', class: 'text' }, def.label),
                h('td', {}, show(def.key)),
                h('td', { class: 'text wrap muted' }, def.formula),
              ),
            ),
          ),
        ),
      ),
    );
  }

  // ------------------------------------------------------------------ price chart
  function priceSection(context) {
    const { model, section, instruments } = context;
    const why = h('ul', { class: 'note why' });
    if (model.tapes.length === 0) {
      const note = model.priceNote || 'The run keeps no prices.';
      section('prices', 'Price chart', h('p', {}, note), why);
      return (trade) => {
        document.getElementById('prices').scrollIntoView();
        why.replaceChildren(...whyOf(context, trade));
      };
    }
    const host = h('div', {
      class: 'chart price',
      tabindex: '0',
      role: 'group',
      'aria-label':
        'Candles with trades; arrows move, plus and minus zoom, Page Up and Page Down go from marker to marker, Enter shows the row of its trade',
    });
    host.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(event.deltaY > 0 ? 1.25 : 0.8);
      },
      { passive: false },
    );
    host.addEventListener('dblclick', () => {
      focus = null;
      draw();
    });
    host.addEventListener('keydown', (event) => {
      const action = {
        ArrowLeft: () => step(-0.2),
        ArrowRight: () => step(0.2),
        '+': () => zoom(0.5),
        '-': () => zoom(2),
        PageUp: () => chooseMarker(-1),
        PageDown: () => chooseMarker(1),
        Enter: () => chosen !== null && context.selectTrade(tradeOf(chosen)),
      }[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    });
    const about = h('p', { class: 'note', role: 'status' });
    const selected = model.tapes.findIndex((one) => one.root === state.get('root'));
    let current = Math.max(0, selected);
    const choice = h(
      'select',
      { 'aria-label': 'Instrument of the price chart' },
      model.tapes.map((one, i) =>
        h('option', { value: i, selected: i === current }, `${one.root} ${one.interval}`),
      ),
    );
    let handle = null;
    let focus = null;
    /** The marker that the keys stand on. */
    let chosen = null;
    const draw = () => {
      handle?.remove();
      chosen = null;
      handle = drawPrices(host, context, current, focus);
    };
    const chooseMarker = (by) => {
      const next = handle?.nextMarker(chosen, by) ?? null;
      if (next === null) return;
      chosen = next;
      handle.show(next);
      about.textContent = `${next.text}, ${localTime(next.time * 1000, instruments.get(info().root)?.zone ?? 'UTC')}; Enter shows trade ${tradeOf(next)} in the list.`;
    };
    const ifSeen = () => {
      if (handle !== null) draw();
    };
    redraw.push(ifSeen);
    choice.addEventListener('change', () => {
      current = Number(choice.value);
      focus = null;
      setState('root', model.tapes[current].root);
      draw();
    });
    new IntersectionObserver(
      (entries, observer) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        if (handle === null) draw();
      },
      { rootMargin: '600px' },
    ).observe(host);
    const step = (by) => {
      const range = handle?.chart.timeScale().getVisibleLogicalRange();
      if (!range) return;
      const move = (range.to - range.from) * by;
      handle.chart
        .timeScale()
        .setVisibleLogicalRange({ from: range.from + move, to: range.to + move });
    };
    const zoom = (by) => {
      const range = handle?.chart.timeScale().getVisibleLogicalRange();
      if (!range) return;
      const middle = (range.from + range.to) / 2;
      const half = ((range.to - range.from) / 2) * by;
      handle.chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half });
    };
    const tool = (label, action) => h('button', { type: 'button', onclick: action }, label);
    const info = () => model.tapes[current];
    section(
      'prices',
      'Price chart',
      h(
        'p',
        { class: 'note' },
        `Raw contract prices of the contract in front, in exchange time. ▲ buys, ▼ sells; a click on one shows its trade in the list; vertical lines are rolls; stepped lines are working stops (orange) and targets (blue); every second session is shaded where there is room. ${model.priceNote}`,
      ),
      h(
        'div',
        { class: 'tools' },
        choice,
        tool('Earlier', () => step(-0.5)),
        tool('Later', () => step(0.5)),
        tool('Closer', () => zoom(0.5)),
        tool('Wider', () => zoom(2)),
        tool('All', () => handle?.showAll()),
      ),
      h(
        'figure',
        {},
        h(
          'figcaption',
          {},
          h('strong', {}, 'Candles'),
          ` ${model.tapes.map((one) => `${one.root}: ${fixed(one.bars, 0)} bars of ${one.interval}${one.bars < one.of ? ` of ${fixed(one.of, 0)}` : ''}`).join('; ')}.`,
        ),
        host,
        about,
        why,
      ),
    );
    return (trade) => {
      const tape = model.tapes.findIndex((one) => one.root === trade.root);
      document.getElementById('prices').scrollIntoView();
      why.replaceChildren(...whyOf(context, trade));
      if (tape < 0) {
        about.textContent = `There are no prices of ${trade.root} in this report.`;
        return;
      }
      current = tape;
      choice.value = String(tape);
      focus = trade;
      draw();
      const zone = instruments.get(trade.root)?.zone ?? 'UTC';
      if (trade.text !== undefined) {
        about.textContent = `${trade.text} in ${trade.root}, on ${info().interval} bars.`;
        return;
      }
      about.textContent = `Trade ${trade.id}: ${trade.side} from ${localTime(trade.entryUs / 1000, zone)} at ${format('price', trade.entryPrice, instruments.get(trade.root))} to ${localTime(trade.exitUs / 1000, zone)} at ${format('price', trade.exitPrice, instruments.get(trade.root))} (${zone}), on ${info().interval} bars.`;
    };
  }

  /** Why each fill of a trade happened, in the words of `frontmonth explain`. A lot has no fills of its own. */
  function whyOf({ data, instruments }, trade) {
    const instrument = instruments.get(trade.root);
    const rows = trade.isFlat ? [...data['fill.trade'].keys()] : [];
    return rows
      .filter((row) => data['fill.trade'][row] === trade.id)
      .map((row) => {
        const of = (name) => data[`fill.${name}`][row];
        const time = localTime(of('tsUs') / 1000, instrument?.zone ?? 'UTC');
        const did = `${of('side') > 0 ? 'bought' : 'sold'} ${fixed(of('qty'), 0)} at ${format('price', of('price'), instrument)}`;
        return h('li', {}, `${time}, ${did}, order ${of('order')}: ${of('why')}`);
      });
  }

  /** Bars that the chart holds at least. */
  const WINDOW_BARS = 4000;
  function lowerBound(values, wanted) {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Distance at which a click still means a marker. Units: px. */
  const MARKER_REACH = 12;
  function drawPrices(host, { model, data, instruments, selectTrade }, index, focus) {
    const L = LightweightCharts;
    const info = model.tapes[index];
    const c = colours();
    const column = (name) => data[`tape${index}.${name}`];
    const instrument = instruments.get(info.root);
    const tick = instrument?.tickSize ?? 1;
    const decimals = instrument?.decimals ?? 2;
    const zone = instrument?.zone ?? 'UTC';
    const time = column('time');
    const price = (counts) => Number((counts * tick).toFixed(decimals));
    const candleAt = (i) => {
      const close = column('close')[i];
      const open = close - column('body')[i];
      return {
        time: time[i],
        open: price(open),
        close: price(close),
        high: price(Math.max(open, close) + column('top')[i]),
        low: price(Math.min(open, close) - column('bottom')[i]),
      };
    };
    const [up, down] = model.candles === 'green-red' ? ['#26803a', '#c0392b'] : [c.gain, c.loss];
    const chart = L.createChart(host, {
      autoSize: true,
      layout: {
        background: { color: c.bg },
        textColor: c.text,
        attributionLogo: true,
        panes: { separatorColor: c.line },
      },
      grid: { vertLines: { color: faded(c.line, 0.5) }, horzLines: { color: faded(c.line, 0.5) } },
      timeScale: {
        timeVisible: info.interval !== '1d',
        secondsVisible: false,
        borderColor: c.line,
        minBarSpacing: 0.002,
        tickMarkFormatter: (t, type) => {
          const text = localTime(t * 1000, zone);
          return type === 0
            ? text.slice(0, 4)
            : type === 1
              ? text.slice(0, 7)
              : type === 2
                ? text.slice(5, 10)
                : text.slice(11, 16);
        },
      },
      rightPriceScale: { borderColor: c.line },
      localization: {
        timeFormatter: (t) => `${localTime(t * 1000, zone)} ${zone}`,
        priceFormatter: (value) => fixed(value, decimals),
      },
      crosshair: { mode: 0 },
      // The wheel belongs to the page; with Ctrl it zooms, below.
      handleScroll: { mouseWheel: false, pressedMouseMove: true, vertTouchDrag: false },
      handleScale: { mouseWheel: false },
    });
    const series = chart.addSeries(L.CandlestickSeries, {
      upColor: up,
      borderUpColor: up,
      wickUpColor: up,
      downColor: down,
      borderDownColor: down,
      wickDownColor: down,
      priceFormat: { type: 'price', minMove: tick, precision: decimals },
      priceLineVisible: false,
    });
    const trades = tradesOf(info.root, data, time);
    const markers = L.createSeriesMarkers(series, []);
    const allMarkers = markersOf(trades, time, c);
    const sayClick = (param) => {
      const id = clickedTrade(param);
      if (id !== null) selectTrade(id);
    };
    /** Number of the trade whose arrow or words were hit, or whose arrow is near: a finger is not a needle. */
    const clickedTrade = ({ hoveredObjectId, point }) => {
      if (typeof hoveredObjectId === 'string') return tradeOf({ id: hoveredObjectId });
      if (point === undefined) return null;
      let [best, distance] = [null, MARKER_REACH];
      for (const one of allMarkers) {
        if (one.bar < window.base || one.bar >= window.end) continue;
        const x = chart.timeScale().logicalToCoordinate(one.bar - window.base);
        if (x === null || Math.abs(x - point.x) > distance) continue;
        const candle = candleAt(one.bar);
        const isBelow = one.position === 'belowBar';
        const y = series.priceToCoordinate(isBelow ? candle.low : candle.high);
        const away = (point.y - y) * (isBelow ? 1 : -1);
        if (away < -4 || away > 2.5 * MARKER_REACH) continue;
        [best, distance] = [one, Math.abs(x - point.x)];
      }
      return best === null ? null : tradeOf(best);
    };
    chart.subscribeClick(sayClick);
    chart.subscribeCrosshairMove((param) => {
      host.style.cursor = clickedTrade(param) === null ? '' : 'pointer';
    });
    const plots = addPlots(L, chart, info, index, data, time, price, c);
    // The chart holds a window of bars around the view, not all of them; bars count from the tape's start everywhere else.
    const window = { base: 0, end: 0 };
    let isGone = false;
    const load = (from, to) => {
      const spare = Math.max(WINDOW_BARS, to - from) / 2;
      window.base = Math.max(0, Math.floor(from - spare));
      window.end = Math.min(time.length, Math.ceil(to + spare));
      const { base, end } = window;
      series.setData(Array.from({ length: Math.max(0, end - base) }, (_, i) => candleAt(base + i)));
      markers.setMarkers(
        allMarkers.filter((one) => one.time >= time[base] && one.time <= time[end - 1]),
      );
      for (const plot of plots)
        plot.line.setData(plot.points.filter((one) => one.bar >= base && one.bar < end));
      chart.timeScale().setVisibleLogicalRange({ from: from - base, to: to - base });
    };
    // Loading inside the notice would be undone by the move that the notice is about: it waits for the next turn.
    let isWaiting = false;
    chart.timeScale().subscribeVisibleLogicalRangeChange(() => {
      if (isWaiting || isGone) return;
      isWaiting = true;
      setTimeout(() => {
        isWaiting = false;
        const range = isGone ? null : chart.timeScale().getVisibleLogicalRange();
        if (range === null) return;
        const [from, to] = [range.from + window.base, range.to + window.base];
        const isShort =
          (from < window.base && window.base > 0) || (to > window.end && window.end < time.length);
        if (isShort) load(from, to);
      });
    });
    series.attachPrimitive(
      overlay({
        chart,
        series,
        info,
        column,
        price,
        trades,
        focus,
        colours: c,
        time,
        sessions: sessionsOf(time, info.interval),
        window,
      }),
    );
    if (focus !== null) {
      const from = lowerBound(time, focus.fromUs / 1e6);
      const to = lowerBound(time, focus.toUs / 1e6);
      const margin = Math.max(30, (to - from) * 0.6);
      load(from - margin, to + margin);
    } else {
      const shown = Math.min(time.length, 240);
      // Room for the words of a marker on the last bar.
      load(time.length - shown, time.length + Math.ceil(shown / 12));
    }
    const showAll = () => {
      load(0, time.length);
      chart.timeScale().fitContent();
    };
    const remove = () => {
      isGone = true;
      chart.remove();
    };
    /** The neighbour of a marker; without one, the first or last in view. */
    const nextMarker = (from, by) => {
      const at = allMarkers.indexOf(from);
      if (at >= 0) return allMarkers[at + by] ?? from;
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range === null) return null;
      const isSeen = (one) =>
        one.bar >= range.from + window.base && one.bar <= range.to + window.base;
      const found = by > 0 ? allMarkers.find(isSeen) : allMarkers.findLast(isSeen);
      return found ?? (by > 0 ? allMarkers[0] : allMarkers.at(-1)) ?? null;
    };
    /** Moves the view only if the marker is outside it; the crosshair stands on its bar. */
    const show = (marker) => {
      const range = chart.timeScale().getVisibleLogicalRange();
      const [from, to] = [range.from + window.base, range.to + window.base];
      if (marker.bar < from || marker.bar > to) {
        const half = (to - from) / 2;
        load(marker.bar - half, marker.bar + half);
      }
      // The view moves in the next frame; a crosshair set before would stand where the bar was.
      setTimeout(() => {
        if (isGone) return;
        const candle = candleAt(marker.bar);
        const value = marker.position === 'belowBar' ? candle.low : candle.high;
        chart.setCrosshairPosition(value, candle.time, series);
      }, 40);
    };
    return { chart, showAll, remove, nextMarker, show };
  }
  /** First bars of sessions: a longer pause than between two bars comes before each. Empty on daily bars. */
  function sessionsOf(time, interval) {
    const unit = { m: 60, h: 3600 }[interval.at(-1)];
    if (unit === undefined) return [];
    const most = Number.parseInt(interval, 10) * unit + 1500;
    const out = [0];
    for (let i = 1; i < time.length; i += 1) if (time[i] - time[i - 1] > most) out.push(i);
    return out;
  }
  function tradesOf(rootName, data, time) {
    const out = [];
    const roots = data['flat.instrument'];
    for (let row = 0; row < roots.length; row += 1) {
      if (roots[row] !== rootName) continue;
      // A moment outside the tape has no bar: -1. Trades that lie wholly outside are not drawn.
      const at = (us) =>
        time.length === 0 || us / 1e6 > time[time.length - 1] + DAY || us / 1e6 < time[0] - DAY
          ? -1
          : Math.min(lowerBound(time, us / 1e6), time.length - 1);
      out.push({
        id: data['flat.id'][row],
        side: data['flat.side'][row],
        qty: data['flat.qty'][row],
        entry: at(data['flat.entryUs'][row]),
        exit: at(data['flat.exitUs'][row]),
        entryPrice: data['flat.entryPrice'][row],
        exitPrice: data['flat.exitPrice'][row],
        isOpen: data['flat.open'][row] === 1,
        exitName: data['flat.exitName'][row],
      });
    }
    return out;
  }
  /** Number of the trade that a marker belongs to. */
  function tradeOf(marker) {
    return Number(marker.id.split(' ')[0]);
  }
  function markersOf(trades, time, c) {
    if (time.length === 0) return [];
    const mark = (id, bar, isBuy, text) => ({
      id,
      bar,
      time: time[bar],
      position: isBuy ? 'belowBar' : 'aboveBar',
      shape: isBuy ? 'arrowUp' : 'arrowDown',
      color: isBuy ? c.gain : c.loss,
      text,
    });
    return trades
      .flatMap((trade) => [
        ...(trade.entry < 0
          ? []
          : [
              mark(
                `${trade.id} in`,
                trade.entry,
                trade.side === 'long',
                `${trade.id} ${trade.side} ${trade.qty}`,
              ),
            ]),
        ...(trade.isOpen || trade.exit < 0
          ? []
          : [
              mark(
                `${trade.id} out`,
                trade.exit,
                trade.side !== 'long',
                `${trade.id} ${trade.exitName}`,
              ),
            ]),
      ])
      .sort((a, b) => a.time - b.time);
  }
  function addPlots(L, chart, info, index, data, time, price, c) {
    const names = ['third', 'fourth', 'warning', 'muted'];
    const close = data[`tape${index}.close`];
    const low = price(close.reduce((a, b) => Math.min(a, b), Infinity));
    const high = price(close.reduce((a, b) => Math.max(a, b), -Infinity));
    const room = Math.max(high - low, Math.abs(high) * 0.05);
    let panes = 0;
    return info.plots.map((name, p) => {
      const bars = data[`tape${index}.plot${p}.bar`];
      const values = data[`tape${index}.plot${p}.value`];
      const byBar = new Map();
      for (let i = 0; i < bars.length; i += 1)
        if (Number.isFinite(values[i])) byBar.set(bars[i], values[i]);
      const points = [...byBar]
        .sort((a, b) => a[0] - b[0])
        .map(([bar, value]) => ({ time: time[bar], value, bar }));
      const isPrice = points.every(
        (point) => point.value > low - room && point.value < high + room,
      );
      if (!isPrice) panes += 1;
      const line = chart.addSeries(
        L.LineSeries,
        {
          color: c[names[p % names.length]],
          lineWidth: 1.5,
          lineStyle: p % 4,
          title: name,
          priceLineVisible: false,
          lastValueVisible: false,
          crosshairMarkerVisible: false,
          // Candles set the scale: a far level must not press them flat.
          ...(isPrice ? { autoscaleInfoProvider: () => null } : {}),
        },
        isPrice ? 0 : panes,
      );
      return { line, points };
    });
  }
  /** Rolls, working stops and targets, trade lines and the band of the chosen trade, drawn behind the candles. */
  function overlay(spec) {
    const {
      chart,
      series,
      info,
      column,
      price,
      trades,
      focus,
      colours: c,
      time,
      sessions,
      window,
    } = spec;
    const scale = chart.timeScale();
    const draw = (target) =>
      target.useBitmapCoordinateSpace(
        ({ context: g, bitmapSize, horizontalPixelRatio: rx, verticalPixelRatio: ry }) => {
          const shown = scale.getVisibleLogicalRange();
          if (shown === null) return;
          const range = { from: shown.from + window.base, to: shown.to + window.base };
          // Coordinates exist for whole bars only; the rest is a share of the spacing.
          const spacing = scale.options().barSpacing;
          const x = (bar) =>
            ((scale.logicalToCoordinate(Math.floor(bar) - window.base) ?? -10) +
              (bar % 1 === 0 ? 0 : spacing / 2)) *
            rx;
          const y = (value) => (series.priceToCoordinate(value) ?? -10) * ry;
          const isSeen = (from, to) => to >= range.from - 1 && from <= range.to + 1;
          const line = (x1, y1, x2, y2) => {
            g.beginPath();
            g.moveTo(x1, y1);
            g.lineTo(x2, y2);
            g.stroke();
          };
          g.save();
          const first = Math.max(0, lowerBound(sessions, range.from) - 1);
          const end = lowerBound(sessions, range.to + 1);
          g.fillStyle = faded(c.fourth, 0.1);
          for (let k = first; k < end && end - first < 60; k += 1) {
            if (k % 2 === 0) continue;
            const left = x(sessions[k] - 0.5);
            const right = x((sessions[k + 1] ?? time.length) - 0.5);
            g.fillRect(left, 0, right - left, bitmapSize.height);
          }
          if (focus !== null && focus.root === info.root)
            drawFocus(g, { focus, x, y, time, rx, price, bitmapSize, c });
          g.lineWidth = rx;
          g.strokeStyle = c.warning;
          g.fillStyle = c.warning;
          g.font = `${11 * ry}px system-ui, sans-serif`;
          g.setLineDash([4 * rx, 4 * rx]);
          info.contracts.slice(1).forEach((one) => {
            if (!isSeen(one.fromBar, one.fromBar)) return;
            const at = x(one.fromBar - 0.5);
            line(at, 0, at, bitmapSize.height);
            g.fillText(one.contract, at + 4 * rx, 14 * ry);
          });
          g.setLineDash([]);
          g.lineWidth = 1.5 * rx;
          const [role, from, to, level] = ['role', 'from', 'to', 'price'].map((name) =>
            column(`level.${name}`),
          );
          for (let i = 0; i < role.length; i += 1) {
            if (!isSeen(from[i], to[i])) continue;
            g.strokeStyle = role[i] === 1 ? c.loss : c.gain;
            const at = y(price(level[i]));
            line(x(from[i]), at, Math.max(x(to[i]), x(from[i]) + 2 * rx), at);
          }
          g.setLineDash([2 * rx, 3 * rx]);
          g.lineWidth = rx;
          g.strokeStyle = c.muted;
          for (const trade of trades)
            if (trade.entry >= 0 && trade.exit >= 0 && isSeen(trade.entry, trade.exit))
              line(x(trade.entry), y(trade.entryPrice), x(trade.exit), y(trade.exitPrice));
          g.restore();
        },
      );
    const view = { renderer: () => ({ draw }), zOrder: () => 'bottom' };
    return { updateAllViews() {}, paneViews: () => [view] };
  }
  function drawFocus(g, { focus, x, y, time, rx, price, bitmapSize, c }) {
    const from = x(lowerBound(time, focus.fromUs / 1e6) - 0.5);
    const to = x(lowerBound(time, focus.toUs / 1e6) + 0.5);
    g.fillStyle = faded(c.fourth, 0.14);
    g.fillRect(from, 0, Math.max(to - from, 2 * rx), bitmapSize.height);
    if (focus.side === undefined) return;
    const sign = focus.side === 'long' ? 1 : -1;
    if (Number.isNaN(focus.mae) || Number.isNaN(focus.mfe)) return;
    for (const [ticks, colour] of [
      [focus.mfe, c.gain],
      [focus.mae, c.loss],
    ]) {
      const a = y(focus.entryPrice);
      const b = y(focus.entryPrice + sign * price(ticks));
      g.fillStyle = faded(colour, 0.16);
      g.fillRect(from, Math.min(a, b), Math.max(to - from, 2 * rx), Math.abs(a - b));
    }
  }

  main().catch((error) => {
    document
      .getElementById('app')
      .replaceChildren(
        h('p', { class: 'failure' }, `This report cannot be drawn: ${error.message}`),
      );
    throw error;
  });
})();
