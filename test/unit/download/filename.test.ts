import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { downloadFilename, sanitizeFilename } from '../../../src/download/filename.js';

function named(disposition: string, fallback = 'job-1', type = 'video/mp4'): string {
  return downloadFilename(
    new Headers({ 'content-disposition': disposition, 'content-type': type }),
    fallback,
  );
}

describe('downloadFilename', () => {
  it.each([
    ['attachment; filename="my video.mp4"', 'my video.mp4'],
    ['attachment; filename=plain.mp4', 'plain.mp4'],
    ['attachment; filename="say \\"hi\\".mp4"', 'say _hi_.mp4'],
    ['attachment; filename="fallback.mp4"; filename*=UTF-8\'\'na%C3%AFve%20%E2%98%83.mp4', 'naïve ☃.mp4'],
    ['attachment; filename="plain.mp4"; filename*=UTF-8\'\'%E0%A4%A', 'plain.mp4'],
    ['attachment; filename="../../x"', 'x'],
    ['attachment; filename="..\\\\..\\\\x.mp4"', 'x.mp4'],
    ["attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", 'passwd'],
    ['attachment; filename="C:\\\\boot.ini"', 'boot.ini'],
    ['attachment; filename=".bashrc"', 'bashrc'],
    ['attachment; filename="con.mp4"', '_con.mp4'],
    ['attachment; filename="a.mp4:stream"', 'a.mp4_stream'],
    ['attachment; filename="video.mp4. . "', 'video.mp4'],
  ])('reads %s as %s', (disposition, expected) => {
    expect(named(disposition)).toBe(expected);
  });

  it.each([
    '',
    'attachment',
    'attachment; filename=""',
    'attachment; filename=".."',
    'attachment; filename="a/"',
  ])('falls back to a name of the job where the server gives none (%j)', (disposition) => {
    expect(named(disposition)).toBe('job-1.mp4');
  });

  it('takes the extension from the content type, once', () => {
    expect(named('', 'job-1', 'image/webp; q=1')).toBe('job-1.webp');
    expect(named('', 'job-1.MP4')).toBe('job-1.MP4');
    expect(named('', 'job-1', 'application/octet-stream')).toBe('job-1');
    expect(named('', 'job-1', 'constructor')).toBe('job-1');
  });

  it('makes one name of a job id that looks like a path', () => {
    expect(named('', '../a/b')).toBe('_a_b.mp4');
    expect(named('', '///')).toBe('___.mp4');
    expect(named('', '...')).toBe('video.mp4');
  });

  it.each([
    ['con.mp4', '_con.mp4'],
    ['CON .mp4', '_CON .mp4'],
    ['nul .tar.gz', '_nul .tar.gz'],
    ['CONIN$', '_CONIN$'],
    ['conout$.mp4', '_conout$.mp4'],
    ['clock$.mp4', '_clock$.mp4'],
    ['COM1.mp4', '_COM1.mp4'],
    ['COM¹.mp4', '_COM¹.mp4'],
    ['lpt².mp4', '_lpt².mp4'],
    ['console.mp4', 'console.mp4'],
    ['com10.mp4', 'com10.mp4'],
    [`nul${' '.repeat(90)}x`, '_nul'],
    [`con${' '.repeat(90)}x.mp4`, `_con${' '.repeat(72)}.mp4`],
  ])('names no device of Windows: %s', (name, expected) => {
    expect(sanitizeFilename(name)).toBe(expected);
  });

  it('hides nothing: a direction mark cannot disguise an extension', () => {
    expect(sanitizeFilename('gpj.\u202e4pm.exe')).toBe('gpj.4pm.exe');
  });

  it('keeps the extension of a name that is too long', () => {
    const name = sanitizeFilename(`${'é☃'.repeat(500)}.mp4`);
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(200);
    expect(name.endsWith('.mp4')).toBe(true);
  });

  it('gives a harmless base name for anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const safe = sanitizeFilename(name);
        expect(safe).not.toMatch(/[/\\\p{Cc}<>:"|?*]|^\.|^\s|[\s.]$/u);
        expect(new TextEncoder().encode(safe).length).toBeLessThanOrEqual(200);
        expect(safe).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      }),
    );
  });
});
