// Pictures for tests.
import * as zlib from 'node:zlib';

const {crc32, deflateSync} = zlib;  // crc32: not in Debian's Node 18

// A sound PNG of one colour, as large as you like: a few kilobytes that unpack to hundreds of megabytes.
export function png(width, height) {
  const table = crc32 ? undefined : Array.from({length: 256}, (_, n) => { let c = n; for (let k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1; return c >>> 0; });
  const sum = (bytes) => crc32 ? crc32(bytes) : (bytes.reduce((c, b) => table[(c ^ b) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
  const chunk = (type, body) => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), body]), size = Buffer.alloc(4), end = Buffer.alloc(4);
    size.writeUInt32BE(body.length);
    end.writeUInt32BE(sum(named));
    return Buffer.concat([size, named, end]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 1;  // one bit a point, grey
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.alloc(height * (Math.ceil(width / 8) + 1)))), chunk('IEND', Buffer.alloc(0))]);
}
