import { bytes, ConnectionLost, json, sleep, stall } from './exchange.js';
import type { FaultOf } from './fault.js';
import type { StruckFaults } from './faults.js';
import { storeError } from './files-origin.js';
import type { MockJob } from './job.js';
import type { Call } from './routes.js';

const OVERSIZED_BYTES = 65 * 1024 * 1024;
const HTML = '<!doctype html><html><head><title>Error</title></head><body><h1>Bad gateway</h1></body></html>';

/** What happens to a connection before its request's body is read. */
export async function beforeBody(faults: StruckFaults, signal: AbortSignal): Promise<void> {
  for (const fault of faults.all) {
    if (fault.type === 'slow') await sleep(fault.delayMs, signal);
    else if (fault.type === 'stall') await stall(signal);
    else if (fault.type === 'refuse') throw new ConnectionLost('end');
    else if (fault.type === 'reset' && fault.at === 'before-body') throw new ConnectionLost('reset');
  }
}

/** An answer in place of the call's own, which is then not carried out. */
export function replacedAnswer(
  faults: StruckFaults,
  call: Pick<Call, 'exchange' | 'context'>,
  job: MockJob | undefined,
): Response | undefined {
  for (const fault of faults.all) {
    switch (fault.type) {
      case 'status':
        if (fault.carriedOut) break;
        return statusAnswer(fault);
      case 'html':
        return bytes(encode(HTML), fault.status ?? 200, { 'content-type': 'text/html; charset=utf-8' });
      case 'json':
        return json(fault.body ?? { error: 'Internal error' });
      case 'expired':
        return call.exchange.origin === 'files'
          ? storeError(403, 'AccessDenied', 'Request has expired')
          : json({ error: 'Video expired', message: 'The URL of this video is no longer valid.' }, 410);
      case 'not-ready':
        if (job === undefined || job.msSinceEnd < fault.forMs)
          return json({ error: 'Video not available yet' }, fault.status ?? 404);
        break;
      case 'redirect': {
        const location = fault.to ?? (job ? call.context.signedUrl(job, 'video') : '/');
        return new Response(null, {
          status: fault.status ?? 302,
          headers: { location, 'content-length': '0' },
        });
      }
      default:
    }
  }
  return undefined;
}

/** The call's own answer, lost or damaged on its way. A file's answer comes damaged already. */
export async function alteredAnswer(
  faults: StruckFaults,
  response: Response,
  writeIds: (json: string) => string,
): Promise<Response> {
  const lost = faults.all.find((fault) => fault.type === 'status' && fault.carriedOut === true);
  if (lost?.type === 'status') {
    await response.body?.cancel();
    return statusAnswer(lost);
  }
  if (response.headers.get('content-type')?.startsWith('application/json') !== true) return response;
  const { status } = response;
  const headers = Object.fromEntries(response.headers);
  delete headers['content-length'];
  const original = await response.text();
  let text = original;
  for (const fault of faults.all) {
    if (fault.type === 'truncated-json') text = text.slice(0, text.length >> 1);
    else if (fault.type === 'empty') text = '';
    else if (fault.type === 'oversized-json')
      text = withFields(text, { padding: 'x'.repeat(fault.bytes ?? OVERSIZED_BYTES) });
    else if (fault.type === 'without-field') text = withFields(text, { [fault.field]: undefined });
  }
  const body = encode(writeIds(text));
  const drop = faults.find('drop');
  if (drop === undefined) return bytes(body, status, headers);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(body.subarray(0, drop.atByte));
    },
    pull(controller) {
      controller.error(new ConnectionLost('end'));
    },
  });
  return new Response(stream, { status, headers: { ...headers, 'content-length': String(body.length) } });
}

function statusAnswer(fault: FaultOf<'status'>): Response {
  const headers: Record<string, string> = { ...fault.headers };
  if (fault.retryAfter !== undefined) headers['retry-after'] = String(fault.retryAfter);
  const { body = { error: `Status ${fault.status}` } } = fault;
  if (body instanceof Uint8Array) return bytes(body, fault.status, headers);
  if (typeof body === 'string')
    return bytes(encode(body), fault.status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  return json(body, fault.status, headers);
}

function withFields(text: string, fields: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(text) as Record<string, unknown>), ...fields });
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
