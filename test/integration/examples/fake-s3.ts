import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { listen } from '../../support/listen.js';

/** S3 refuses smaller parts, but for the last. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

interface Upload {
  readonly path: string;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

/** What of S3 an upload needs, and what S3 refuses of it. An object is there when its upload was completed. */
export interface FakeS3 {
  readonly url: string;
  /** By path, such as `/videos/order-7.mp4`. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Begun, and neither completed nor aborted: S3 keeps their parts, and charges for them. */
  readonly openUploads: ReadonlyMap<string, Upload>;
  /** How many uploads were aborted. */
  aborted: number;
  /** Told of each part as it comes; what it returns is answered in place of taking it. */
  onPart: (number: number) => { readonly status: number; readonly code: string } | undefined;
}

export async function fakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const openUploads = new Map<string, Upload>();
  const server = await listen((request, response) => {
    answer(request, response).catch((error: unknown) =>
      refuse(response, 500, 'InternalError', String(error)),
    );
  });
  const s3: FakeS3 = { url: server.url, objects, openUploads, aborted: 0, onPart: () => undefined };
  return s3;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', server.url);
    const uploadId = searchParams.get('uploadId');
    const upload = uploadId === null ? undefined : openUploads.get(uploadId);
    const isPresigned = request.method === 'PUT' && searchParams.has('X-Amz-Signature');
    if (!isPresigned && !/^AWS4-HMAC-SHA256 /.test(request.headers.authorization ?? ''))
      return refuse(response, 403, 'AccessDenied', 'not signed');
    if (searchParams.get('X-Amz-Expires') === '0')
      return refuse(response, 403, 'AccessDenied', 'Request has expired');
    if (uploadId !== null && upload?.path !== pathname)
      return refuse(response, 404, 'NoSuchUpload', 'there is no such upload');

    if (request.method === 'POST' && searchParams.has('uploads')) {
      const id = randomUUID();
      openUploads.set(id, { path: pathname, parts: new Map() });
      return xml(
        response,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (request.method === 'DELETE' && uploadId !== null) {
      openUploads.delete(uploadId);
      s3.aborted++;
      response.writeHead(204).end();
      return;
    }
    const isPart = request.method === 'PUT' && upload !== undefined;
    const refusal = isPart ? s3.onPart(Number(searchParams.get('partNumber'))) : undefined;
    if (refusal !== undefined) return refuse(response, refusal.status, refusal.code, 'refused');
    if (request.method === 'PUT' && request.headers['content-length'] === undefined)
      return refuse(response, 501, 'NotImplemented', 'a body without a length');
    const body = await bodyOf(request);
    if (body === undefined) return refuse(response, 400, 'BadDigest', 'not what was signed');
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    if (isPart) {
      upload.parts.set(Number(searchParams.get('partNumber')), { body, etag });
      response.writeHead(200, { etag }).end();
    } else if (request.method === 'PUT') {
      objects.set(pathname, body);
      response.writeHead(200, { etag }).end();
    } else if (request.method === 'POST' && upload !== undefined && uploadId !== null) {
      const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
      const named = [...body.toString().matchAll(/<ETag>(.*?)<\/ETag>/g)].map(([, tag]) =>
        tag?.replaceAll('&quot;', '"'),
      );
      if (named.join() !== parts.map((part) => part.etag).join())
        return refuse(response, 400, 'InvalidPart', 'other parts than there are');
      if (parts.slice(0, -1).some((part) => part.body.length < MIN_PART_BYTES))
        return refuse(response, 400, 'EntityTooSmall', 'a part is too small');
      objects.set(pathname, Buffer.concat(parts.map((part) => part.body)));
      openUploads.delete(uploadId);
      xml(response, `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
    } else refuse(response, 405, 'MethodNotAllowed', 'no such call here');
  }
}

/** Undefined where it is not what its checksum says. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const sent = await buffer(request);
  if (Number(request.headers['content-length']) !== sent.length) return undefined;
  const isChunked = request.headers['content-encoding']?.includes('aws-chunked') === true;
  const { body, trailer } = isChunked ? unchunk(sent) : { body: sent, trailer: '' };
  const checksum = request.headers['x-amz-checksum-crc32'] ?? /x-amz-checksum-crc32:(\S+)/.exec(trailer)?.[1];
  if (typeof checksum !== 'string') return body;
  const found = Buffer.alloc(4);
  found.writeUInt32BE(crc32(body));
  return found.toString('base64') === checksum ? body : undefined;
}

/** `aws-chunked`: chunks as in HTTP, and the checksum in a trailer. */
function unchunk(sent: Buffer): { readonly body: Buffer; readonly trailer: string } {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = sent.indexOf('\r\n', at);
    const size = Number.parseInt(sent.subarray(at, lineEnd).toString(), 16);
    if (!(size > 0)) return { body: Buffer.concat(chunks), trailer: sent.subarray(lineEnd + 2).toString() };
    chunks.push(sent.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(body);
}

/** The rest of the body is let in, for the caller to come to the answer. */
function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.req.resume();
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}
