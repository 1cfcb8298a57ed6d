// Serves one file of the size given, of one repeated megabyte, so that nothing but the network is measured.
// `?drop=N` closes the connection once, before byte N, and only after all bytes before it have been taken.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';

const size = Number(process.argv[2]);
const block = Buffer.alloc(1_048_576, (_, i) => i);
for (let i = 0; i < block.length; i += 7) block[i] = (i * 31) & 0xff;
let requested = [];
let dropAt;

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/reset') {
    requested = [];
    dropAt = searchParams.has('drop') ? Number(searchParams.get('drop')) : undefined;
    return response.end();
  }
  if (pathname === '/requested') return response.end(JSON.stringify(requested));
  if (pathname === '/sha256') return response.end(sha256());

  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  requested.push(start);
  response.writeHead(start === 0 ? 200 : 206, {
    'Content-Type': 'video/mp4',
    'Content-Length': size - start,
    'Accept-Ranges': 'bytes',
    ETag: '"1"',
    ...(start > 0 && { 'Content-Range': `bytes ${start}-${size - 1}/${size}` }),
  });
  const end = dropAt ?? size;
  try {
    await pipeline(pieces(start, end), response, { end: false });
  } catch {
    return; // The client has gone.
  }
  if (end === size) return response.end();
  dropAt = undefined;
  setTimeout(() => response.destroy(), 300);
});

function* pieces(start, end) {
  for (let at = start; at < end; ) {
    const offset = at % block.length;
    const piece = block.subarray(offset, Math.min(block.length, offset + end - at));
    at += piece.length;
    yield piece;
  }
}

function sha256() {
  const hash = createHash('sha256');
  for (const piece of pieces(0, size)) hash.update(piece);
  return hash.digest('hex');
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
});
