import { describe, expect, it } from 'vitest';
import { dispositionFilename } from '../../../src/download/disposition.js';

/** As a header arrives: each byte a character. */
const raw = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));

describe('a file name in Content-Disposition', () => {
  it.each([
    ['raw UTF-8, quoted', raw('attachment; filename="何不同舟渡.mp4"'), '何不同舟渡.mp4'],
    ['raw UTF-8, bare', raw('attachment; filename=été.mp4'), 'été.mp4'],
    ['Latin-1', 'attachment; filename="\xe9t\xe9.mp4"', 'été.mp4'],
    ['blanks without quotes', 'attachment; filename=my first video.mp4', 'my first video.mp4'],
    ['blanks without quotes, and more', 'attachment; filename=my video.mp4 ; size=3', 'my video.mp4'],
    ['percent-encoded', 'attachment; filename="%E4%BD%95.mp4"', '何.mp4'],
    ['a percent sign that encodes nothing', 'attachment; filename="100% real.mp4"', '100% real.mp4'],
    ['an encoded word, base64', 'attachment; filename="=?UTF-8?B?5L2VLm1wNA==?="', '何.mp4'],
    ['an encoded word, quoted', 'attachment; filename="=?iso-8859-1?Q?=E9t=E9_1.mp4?="', 'été 1.mp4'],
    [
      'several encoded words',
      'attachment; filename="=?utf-8?Q?=C3=A9t=C3=A9_x?= =?utf-8?B?Lm1wNA==?="',
      'été x.mp4',
    ],
    [
      'an encoded word that is broken',
      'attachment; filename="=?utf-8?B?_?= =?utf-8?B?eA==?="',
      '=?utf-8?B?_?= =?utf-8?B?eA==?=',
    ],
    ['extended', "attachment; filename*=UTF-8''%e4%bd%95.mp4", '何.mp4'],
    ['extended with a language', "attachment; filename*=utf-8'en'a%20b.mp4", 'a b.mp4'],
    ['extended and quoted', `attachment; filename*="UTF-8''%E4%BD%95.mp4"`, '何.mp4'],
    ['extended in Latin-1', "attachment; filename*=ISO-8859-1''%e9t%e9.mp4", 'été.mp4'],
    ['extended without a charset', "attachment; filename*=''%E4%BD%95.mp4", '何.mp4'],
    ['extended without any quotes of RFC 8187', 'attachment; filename*=a%20b.mp4', 'a b.mp4'],
    ['extended, though it comes first', `attachment; filename*=UTF-8''x.mp4; filename="y.mp4"`, 'x.mp4'],
    ['extended, though it comes last', `attachment; filename="y.mp4"; filename*=UTF-8''x.mp4`, 'x.mp4'],
    ['plain, where the extended one is broken', `attachment; filename="y.mp4"; filename*=UTF-8''%E`, 'y.mp4'],
    ['plain, where nobody knows the charset', `attachment; filename="y.mp4"; filename*=klingon''x`, 'y.mp4'],
    ['a semicolon within quotes', 'attachment; filename="a;b.mp4"', 'a;b.mp4'],
    ['an escaped quote', String.raw`attachment; filename="a\"b.mp4"`, 'a"b.mp4'],
    ['a quote that is not closed', 'attachment; filename="a b.mp4', 'a b.mp4'],
    ['capitals and blanks around', 'ATTACHMENT ; FileName = "x.mp4"', 'x.mp4'],
    ['no disposition before it', 'filename=x.mp4', 'x.mp4'],
    ['the first of two', 'attachment; filename=a.mp4; filename=b.mp4', 'a.mp4'],
    ['none', 'attachment', ''],
    ['another parameter', 'attachment; name="x.mp4"', ''],
  ])('is read: %s', (_what, header, expected) => {
    expect(dispositionFilename(header)).toBe(expected);
  });
});
