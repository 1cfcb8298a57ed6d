import type { ByteArray } from '../bytes.js';
import { REELS_BASE64 } from './reels.js';
import { SPRITESHEET_BASE64 } from './spritesheet.js';
import { THUMBNAIL_BASE64 } from './thumbnail.js';
import { VIDEO_BASE64 } from './video.js';

/** The files that the mock server has for a completed job. */
export type MockVariant = 'video' | 'reels' | 'thumbnail' | 'spritesheet';

/** A file of known size of which any part can be had. */
export interface MockFile {
  readonly size: number;
  readonly contentType: string;
  readonly extension: string;
  slice(start: number, end: number): ByteArray;
}

const CONTENT: Readonly<
  Record<MockVariant, readonly [base64: string, contentType: string, extension: string]>
> = {
  video: [VIDEO_BASE64, 'video/mp4', 'mp4'],
  reels: [REELS_BASE64, 'video/mp4', 'mp4'],
  thumbnail: [THUMBNAIL_BASE64, 'image/webp', 'webp'],
  spritesheet: [SPRITESHEET_BASE64, 'image/jpeg', 'jpg'],
};

/** The bytes that the mock server serves for a variant. */
export function mockMedia(variant: MockVariant = 'video'): ByteArray {
  return Uint8Array.from(atob(CONTENT[variant][0].replaceAll('\n', '')), (char) => char.charCodeAt(0));
}

export function mediaFile(variant: MockVariant): MockFile {
  const [, contentType, extension] = CONTENT[variant];
  const content = mockMedia(variant);
  return {
    size: content.byteLength,
    contentType,
    extension,
    slice: (start, end) => content.subarray(start, end),
  };
}

/** A prime, so that no power of two of an offset finds the same bytes. */
const PERIOD = 65_521;

/** Any part of the endless pattern that is served where `videoBytes` is given, for comparison. */
export function patternBytes(start: number, length: number): ByteArray {
  const result = new Uint8Array(length);
  for (let i = 0; i < length; i++) result[i] = patternByte(start + i);
  return result;
}

/** A file of any size that takes no memory but for one table. */
export function patternFile(size: number): MockFile {
  const table = patternBytes(0, PERIOD * 17);
  return {
    size,
    contentType: 'video/mp4',
    extension: 'mp4',
    slice(start, end) {
      const offset = start % PERIOD;
      return end - start <= PERIOD * 16
        ? table.subarray(offset, offset + end - start)
        : patternBytes(start, end - start);
    },
  };
}

function patternByte(index: number): number {
  const i = index % PERIOD;
  return ((i * 2_654_435_761) >>> 13) & 0xff;
}
