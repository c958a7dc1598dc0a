/** The gateway on sockets: REST by fastify, hubs by ws; one port for both. Neither compresses nor fragments. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify from 'fastify';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Scheduler } from '../../../core/live.ts';
import type { Gateway, GatewayRequest } from './gateway.ts';

export interface ServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface RunningServer {
  /** `http://127.0.0.1:51234`; REST and hubs alike. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const BODY_MAX = 1_048_576;

/** Serves a gateway that was started. */
export async function serveGateway(
  gateway: Gateway,
  scheduler: Scheduler,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 0, tls } = options;
  const app = fastify({
    bodyLimit: BODY_MAX,
    forceCloseConnections: true,
    ...(tls === undefined ? {} : { https: { key: tls.key, cert: tls.cert } }),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-allow-credentials', 'true');
    reply.header('vary', 'Origin');
  });
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
    url: '*',
    handler: async (request, reply) => {
      if (request.method === 'OPTIONS') {
        reply.header('access-control-allow-methods', 'GET, POST, OPTIONS');
        reply.header(
          'access-control-allow-headers',
          'authorization, content-type, x-requested-with, x-signalr-user-agent',
        );
        return reply.code(204).send();
      }
      // Faults are ordered from this machine alone, wherever the server listens.
      if (/^\/+admin/i.test(request.url) && !isLoopback(request.ip)) return reply.code(404).send();
      const answer = gateway.handle({
        method: request.method,
        path: request.url,
        headers: headersOf(request.raw),
        body: typeof request.body === 'string' ? request.body : '',
      });
      if (answer.isCut) {
        reply.hijack();
        request.raw.socket.destroy();
        return reply;
      }
      if (answer.delayUs > 0) await pause(scheduler, answer.delayUs, request.raw);
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: BODY_MAX,
  });
  const server = app.server as Server;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(gateway, sockets, request, socket, head);
  });
  await app.listen({ host, port });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
    port: bound,
    close: async () => {
      gateway.stop();
      for (const each of sockets.clients) each.terminate();
      sockets.close();
      await app.close();
    },
  };
}

function upgrade(
  gateway: Gateway,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  let ws: WebSocket | null = null;
  const early: string[] = [];
  const connection = gateway.openHub(request.url ?? '/', headersOf(request), {
    send: (text) => {
      if (ws === null) early.push(text);
      else if (ws.readyState === ws.OPEN) ws.send(text, { compress: false });
    },
    end: () => (ws === null ? socket.destroy() : ws.close(1000)),
  });
  if (typeof connection === 'number') {
    // Refused before it is a WebSocket.
    socket.end(`HTTP/1.1 ${connection} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (opened) => {
    ws = opened;
    for (const text of early) opened.send(text);
    opened.on('message', (data: Buffer) => connection.receive(data.toString('utf8')));
    opened.on('close', () => connection.lost());
    opened.on('error', () => opened.terminate());
  });
  // A handshake that fails never calls back.
  socket.on('close', () => connection.lost());
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function headersOf(request: IncomingMessage): GatewayRequest['headers'] {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(', ') : value;
  return out;
}

/** Waits on the scheduler; a client that goes away ends the wait. */
function pause(scheduler: Scheduler, delayUs: number, request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const cancel = Number.isFinite(delayUs) ? scheduler.after(delayUs, resolve) : () => {};
    request.socket.once('close', () => {
      cancel();
      resolve();
    });
  });
}
