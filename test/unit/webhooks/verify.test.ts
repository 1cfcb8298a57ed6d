import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { onEachRuntime, PUBLISHED, refusal } from './support.js';

const { body, headers, now, secret } = PUBLISHED;
const RAW = 'a secret of seed 1';
const hex = (text: string | Uint8Array, key = RAW) => createHmac('sha256', key).update(text).digest('hex');
const NodeBuffer = Buffer; // The tests take the global away.
const encode = (text: string) => new TextEncoder().encode(text);

onEachRuntime(({ runtime, signWebhook, verifyWebhookSignature }) => {
  it('computes with what there is', async () => {
    const importKey = vi.spyOn(crypto.subtle, 'importKey');
    await verifyWebhookSignature({ body, headers, secret, now });
    expect(importKey).toHaveBeenCalledTimes(runtime === 'WebCrypto' ? 1 : 0);
    importKey.mockRestore();
  });

  describe('standard-webhooks', () => {
    it('accepts the published vector and tells what was signed', async () => {
      expect(await verifyWebhookSignature({ body, headers, secret, now })).toEqual({
        scheme: 'standard-webhooks',
        secretIndex: 0,
        body,
        id: headers['webhook-id'],
        timestamp: new Date(now),
      });
    });

    it('takes the body as text, bytes, a view of a larger buffer or an ArrayBuffer', async () => {
      const bytes = encode(body);
      const larger = new Uint8Array([1, 2, ...bytes, 3]);
      for (const form of [body, bytes, larger.subarray(2, -1), bytes.buffer]) {
        await verifyWebhookSignature({ body: form, headers, secret, now });
      }
    });

    it('takes body and headers of a Request', async () => {
      vi.unstubAllGlobals(); // Node's own Request needs Buffer.
      const request = new Request('http://localhost/', { method: 'POST', body, headers });
      const verified = await verifyWebhookSignature({ body: request, secret, now });
      expect(verified.body).toEqual(encode(body));
    });

    it('takes headers as Headers, in any case, as arrays, as pairs and as the raw list of Node', async () => {
      const upper = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), v]));
      const arrays = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]]));
      const pairs = Object.entries(upper);
      for (const form of [
        new Headers(headers),
        upper,
        arrays,
        pairs,
        pairs.flat(),
        new Map(Object.entries(headers)),
      ]) {
        await verifyWebhookSignature({ body, headers: form, secret, now });
      }
    });

    it('finds its signature among several headers and several versions', async () => {
      const other = 'v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
      const signature = headers['webhook-signature'];
      const repeated = new Headers(headers);
      repeated.set('webhook-signature', other);
      repeated.append('webhook-signature', signature);
      repeated.append('webhook-signature', `v9,zzz ${other}`);
      await verifyWebhookSignature({ body, headers: repeated, secret, now });
      const list = { ...headers, 'webhook-signature': [other, signature] };
      await verifyWebhookSignature({ body, headers: list, secret, now });
    });

    it('looks at 32 signatures and no more', async () => {
      const signature = headers['webhook-signature'];
      const at = (n: number) => ({ ...headers, 'webhook-signature': `${'v1,no '.repeat(n)}${signature}` });
      await verifyWebhookSignature({ body, headers: at(31), secret, now });
      await refusal(verifyWebhookSignature({ body, headers: at(32), secret, now }), 'bad-signature');
    });

    it('takes a signature of another version for none', async () => {
      const relabelled = headers['webhook-signature'].replace('v1,', 'v1a,');
      const forged = { ...headers, 'webhook-signature': relabelled };
      await refusal(verifyWebhookSignature({ body, headers: forged, secret, now }), 'bad-signature');
    });

    it('takes a raw secret as the bytes of its text where the scheme is named', async () => {
      const signed = await signWebhook({ body, secret: RAW, scheme: 'standard-webhooks' });
      const content = `${signed['webhook-id']}.${signed['webhook-timestamp']}.${body}`;
      expect(signed['webhook-signature']).toBe(
        `v1,${createHmac('sha256', RAW).update(content).digest('base64')}`,
      );
      for (const form of [RAW, encode(RAW)]) {
        await verifyWebhookSignature({ body, headers: signed, secret: form, scheme: 'standard-webhooks' });
      }
    });

    it('verifies Ed25519 with a whpk_ key', async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const base64 = (url = '') => url.replaceAll('-', '+').replaceAll('_', '/');
      const whpk = `whpk_${base64(publicKey.export({ format: 'jwk' }).x)}=`;
      const whsk = `whsk_${base64(privateKey.export({ format: 'jwk' }).d)}=`;
      const content = encode(`msg_1.1614265330.${body}`);
      const theirs = `v1a,${NodeBuffer.from(sign(null, content, privateKey)).toString('base64')}`;
      const signed = { ...headers, 'webhook-id': 'msg_1', 'webhook-signature': `v1,x ${theirs}` };
      await verifyWebhookSignature({ body, headers: signed, secret: whpk, now });

      const timestamp = new Date(now);
      const ours = await signWebhook({ body, secret: whsk, id: 'msg_1', timestamp });
      expect(ours['webhook-signature']).toBe(theirs); // Ed25519 signs the same way each time.
      await verifyWebhookSignature({ body, headers: ours, secret: [secret, whpk], now });
      await refusal(verifyWebhookSignature({ body: `${body} `, headers: ours, secret: whpk, now }));
      const asHmac = { ...ours, 'webhook-signature': theirs.replace('v1a,', 'v1,') };
      await refusal(verifyWebhookSignature({ body, headers: asHmac, secret: whpk, now }), 'bad-signature');
    });

    it('refuses an id that could be the beginning of another body', async () => {
      // Both read "msg_1.1614265330.17.x" when joined by dots.
      const signed = await signWebhook({
        body: '1614265331.x',
        secret,
        id: 'msg_1',
        timestamp: new Date(now),
      });
      const moved = { ...signed, 'webhook-id': 'msg_1.1614265330', 'webhook-timestamp': '1614265331' };
      await refusal(verifyWebhookSignature({ body: 'x', headers: moved, secret, now }), 'bad-timestamp');
    });
  });

  describe('hmac-sha256-hex', () => {
    it('looks for the other header where the one that is found at once is another system’s', async () => {
      const body = '{"a":1}';
      const right = (await signWebhook({ body, secret: 'rawsecret1' }))['x-signature'] ?? '';
      const theirs = { 'x-signature': 'of another system' };
      for (const headers of [
        { ...theirs, 'X-Webhook-Signature': right },
        { ...theirs, 'x-webhook-signature': [right] },
        { 'x-webhook-signature': 'of another system', 'X-Signature': right },
      ]) {
        const verified = await verifyWebhookSignature({ body, headers, secret: 'rawsecret1' });
        expect(verified).toMatchObject({ scheme: 'hmac-sha256-hex', secretIndex: 0, body });
        await refusal(verifyWebhookSignature({ body: '{}', headers, secret: 'rawsecret1' }), 'bad-signature');
      }
      const parsed = { body: '{ "a": 1 }', headers: { ...theirs, 'X-Webhook-Signature': right } };
      const error = await refusal(verifyWebhookSignature({ ...parsed, secret: 'rawsecret1' }));
      expect(error.message).toBe('something re-serialised the body');
    });

    it('verifies x-signature and x-webhook-signature with any secret that has no prefix', async () => {
      for (const name of ['x-signature', 'X-Webhook-Signature']) {
        const verified = await verifyWebhookSignature({ body, headers: { [name]: hex(body) }, secret: RAW });
        expect(verified).toEqual({ scheme: 'hmac-sha256-hex', secretIndex: 0, body });
      }
    });

    it('names the scheme where its header is no name', async () => {
      for (const header of [5, '', null]) {
        const scheme = { type: 'hmac-sha256-hex', header } as never;
        const checked = verifyWebhookSignature({ body, secret: RAW, scheme, headers: {} });
        await expect(checked).rejects.toMatchObject({ name: 'ConfigurationError', option: 'scheme' });
      }
    });

    it('verifies a header of any other name, and then that one only', async () => {
      const scheme = { type: 'hmac-sha256-hex', header: 'X-My-Hash' } as const;
      const options = { body, secret: RAW, scheme };
      await verifyWebhookSignature({ ...options, headers: { 'x-my-hash': hex(body) } });
      const wrong = await refusal(
        verifyWebhookSignature({ ...options, headers: { 'x-signature': hex(body) } }),
        'missing-header',
      );
      expect(wrong.message).toContain('x-my-hash');
    });

    it('takes a prefixed secret as plain text where the scheme is named', async () => {
      const signed = { 'x-signature': hex(body, secret) };
      await verifyWebhookSignature({ body, headers: signed, secret, scheme: 'hmac-sha256-hex' });
    });

    it('refuses a public key as its secret, for everybody knows it', async () => {
      const whpk = 'whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';
      const forged = { 'x-signature': hex(body, whpk) };
      const options = { body, headers: forged, secret: whpk, scheme: 'hmac-sha256-hex' } as const;
      await refusal(verifyWebhookSignature(options), 'bad-secret');
    });

    it('takes a signature in capitals, after the name of its algorithm and with blanks around it', async () => {
      const good = hex(body);
      const upper = good.toUpperCase();
      for (const form of [upper, `sha256=${good}`, `SHA256=${upper}`, ` ${good}\t`, ` sha256=${good} `]) {
        for (const name of ['x-signature', 'x-webhook-signature']) {
          await verifyWebhookSignature({ body, headers: { [name]: form }, secret: RAW });
        }
        const scheme = { type: 'hmac-sha256-hex', header: 'X-My-Hash' } as const;
        await verifyWebhookSignature({ body, headers: { 'x-my-hash': form }, secret: RAW, scheme });
      }
      const base64 = NodeBuffer.from(good, 'hex').toString('base64');
      for (const bad of [base64, `sha1=${good}`, `sha256=sha256${good}`]) {
        const options = { body, headers: { 'x-signature': bad }, secret: RAW };
        await refusal(verifyWebhookSignature(options), 'bad-signature');
      }
    });

    it('refuses a signature cut short or longer', async () => {
      const good = hex(body);
      for (const bad of [good.slice(0, -1), `${good}0`, good.slice(0, 32)]) {
        const options = { body, headers: { 'x-signature': bad }, secret: RAW };
        await refusal(verifyWebhookSignature(options), 'bad-signature');
      }
    });
  });

  describe('several secrets', () => {
    it('says which one matched', async () => {
      const signed = { 'x-signature': hex(body) };
      const verified = await verifyWebhookSignature({ body, headers: signed, secret: ['next', RAW, 'old'] });
      expect(verified.secretIndex).toBe(1);
    });

    it('is refused where none matches, and where there is none', async () => {
      const signed = { 'x-signature': hex(body) };
      await refusal(verifyWebhookSignature({ body, headers: signed, secret: ['a', 'b'] }), 'bad-signature');
      await refusal(verifyWebhookSignature({ body, headers: signed, secret: [] }), 'bad-secret');
    });
  });

  describe('what is signed is bytes', () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0xfe, 0xc3, 0x7d]);

    it('verifies invalid UTF-8 and a byte order mark as they came', async () => {
      const standard = await signWebhook({ body: bytes, secret });
      await verifyWebhookSignature({ body: bytes, headers: standard, secret });
      await verifyWebhookSignature({ body: bytes, headers: { 'x-signature': hex(bytes) }, secret: RAW });
      const replaced = encode(new TextDecoder().decode(bytes));
      await refusal(verifyWebhookSignature({ body: replaced, headers: standard, secret }), 'bad-signature');
    });

    it('verifies characters of several bytes given as text', async () => {
      const text = '{"prompt":"żółw 🐢 \u2028"}';
      await verifyWebhookSignature({ body: text, headers: { 'x-signature': hex(text) }, secret: RAW });
      await verifyWebhookSignature({
        body: encode(text),
        headers: await signWebhook({ body: text, secret }),
        secret,
      });
    });
  });

  describe('bad secrets', () => {
    it.each([
      ['empty', ''],
      ['whitespace', ' \n'],
      ['empty after its prefix', 'whsec_'],
      ['not base64', 'whsec_not base64'],
      ['base64url', 'whsec_ab-_'],
      ['base64 with bits to spare', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMR=='],
      ['base64 cut after one digit', 'whsec_MfKQM'],
      ['followed by a line break', `${secret}\n`],
      ['raw, followed by a line break', `${RAW}\n`],
      ['a private key', 'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='],
      ['a public key too short', 'whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      ['no bytes', new Uint8Array()],
      ['not there', undefined as unknown as string],
      ['a number', 32 as unknown as string],
    ])('refuses one that is %s, without showing it', async (_, bad) => {
      const error = await refusal(verifyWebhookSignature({ body, headers, secret: bad, now }), 'bad-secret');
      expect(error.hint).toBeTruthy();
      if (typeof bad === 'string' && bad.trim().length > 8) expect(inspect(error)).not.toContain(bad.trim());
    });

    it('takes a whsec_ secret without its padding', async () => {
      const padded = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMQ==';
      const signed = await signWebhook({ body, secret: padded });
      await verifyWebhookSignature({ body, headers: signed, secret: padded.replace('==', '') });
    });
  });
});

describe('reasons', () => {
  afterEach(() => vi.restoreAllMocks());

  it('names every missing header', async () => {
    const error = await refusal(verifyWebhookSignature({ body, headers: {}, secret }), 'missing-header');
    for (const name of Object.keys(headers)) expect(error.message).toContain(name);
    const one = { ...headers, 'webhook-id': '' };
    const other = await refusal(verifyWebhookSignature({ body, headers: one, secret }), 'missing-header');
    expect(other.message).toContain('webhook-id');
    expect(other.message).not.toContain('webhook-signature');
    const none = await refusal(verifyWebhookSignature({ body, secret: RAW }), 'missing-header');
    expect(none.message).toMatch(/x-signature.*x-webhook-signature/);
  });

  it.each([
    '123abc',
    '',
    '-1',
    '1e9',
    '0x10',
    '1614265330.5',
    '1614265330000',
    'NaN',
    '１６１４２６５３３０',
  ])('refuses the timestamp %j', async (timestamp) => {
    const bad = { ...headers, 'webhook-timestamp': timestamp };
    const error = await refusal(verifyWebhookSignature({ body, headers: bad, secret, now }));
    expect(error.reason).toBe(timestamp === '' ? 'missing-header' : 'bad-timestamp');
  });

  it('passes 300 seconds either way and refuses 301, with the skew', async () => {
    const at = (seconds: number) => ({ body, headers, secret, now: now + seconds * 1_000 });
    await verifyWebhookSignature(at(300));
    await verifyWebhookSignature(at(-300));
    expect((await refusal(verifyWebhookSignature(at(301)), 'stale')).message).toContain('301 s');
    expect((await refusal(verifyWebhookSignature(at(-301)), 'future')).message).toContain('301 s');
  });

  it('has a tolerance for each direction', async () => {
    const options = { body, headers, secret, toleranceSeconds: 10, futureToleranceSeconds: 2 };
    await verifyWebhookSignature({ ...options, now: new Date(now + 10_000) });
    await refusal(verifyWebhookSignature({ ...options, now: now - 3_000 }), 'future');
    await refusal(verifyWebhookSignature({ ...options, now: now + 11_000 }), 'stale');
    await refusal(verifyWebhookSignature({ body, headers, secret }), 'stale');
  });

  it('takes its tolerance both ways where there is one', async () => {
    const options = { body, headers, secret, toleranceSeconds: 10 };
    await verifyWebhookSignature({ ...options, now: now - 10_000 });
    await refusal(verifyWebhookSignature({ ...options, now: now - 11_000 }), 'future');
  });

  it('says stale only of a delivery that is genuine', async () => {
    await refusal(verifyWebhookSignature({ body: 'forged', headers, secret }), 'bad-signature');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '300' as unknown as number])(
    'refuses the tolerance %s as a configuration error',
    async (tolerance) => {
      for (const option of ['toleranceSeconds', 'futureToleranceSeconds']) {
        const work = verifyWebhookSignature({ body, headers, secret, now, [option]: tolerance });
        await expect(work).rejects.toBeInstanceOf(ConfigurationError);
      }
    },
  );

  it('lets nothing pass while the clock is not a number', async () => {
    await refusal(verifyWebhookSignature({ body, headers, secret, now: Number.NaN }));
    await refusal(verifyWebhookSignature({ body, headers, secret, now: new Date('never') }));
  });

  it('refuses a scheme nobody knows as a configuration error', async () => {
    for (const scheme of ['hmac', { type: 'hmac-sha256-hex', header: '' }, { type: 'sha1', header: 'x' }]) {
      const work = verifyWebhookSignature({ body, headers, secret, scheme: scheme as 'hmac-sha256-hex' });
      await expect(work).rejects.toBeInstanceOf(ConfigurationError);
    }
  });

  it.each([{}, { id: 1 }, [], null, undefined, 7, { bodyUsed: false }])(
    'says how to get the raw body where %j came',
    async (parsed) => {
      const error = await refusal(
        verifyWebhookSignature({ body: parsed as string, headers, secret, now }),
        'parsed-body',
      );
      for (const name of ['Express', 'Fastify', 'Next', 'Hono', 'Lambda']) expect(error.hint).toContain(name);
    },
  );

  it('says so where the Request was read before', async () => {
    const request = new Request('http://localhost/', { method: 'POST', body, headers });
    await request.json();
    await refusal(verifyWebhookSignature({ body: request, secret, now }), 'parsed-body');
  });

  it('says where something re-serialised the body', async () => {
    const pretty = '{\n  "jobId": "job-1"\n}';
    const compact = JSON.stringify(JSON.parse(pretty));
    const signed = await signWebhook({ body: compact, secret });
    const error = await refusal(
      verifyWebhookSignature({ body: encode(pretty), headers: signed, secret }),
      'bad-signature',
    );
    expect(error.message).toContain('re-serialised');
    const other = await refusal(verifyWebhookSignature({ body: '{"a": 1}', headers: signed, secret }));
    expect(other.message).not.toContain('re-serialised');
  });

  it('never shows the secret or the signature expected', async () => {
    const wrong = { ...headers, 'webhook-signature': 'v1,AAAA' };
    const error = await refusal(verifyWebhookSignature({ body, headers: wrong, secret, now }));
    const shown = inspect(error, { depth: 9, showHidden: true });
    expect(shown).not.toContain(secret.slice(6));
    expect(shown).not.toContain(headers['webhook-signature'].slice(3));
  });

  it('computes one HMAC however many signatures are listed', async () => {
    const createHmac = vi.spyOn(process.getBuiltinModule('node:crypto'), 'createHmac');
    const large = JSON.stringify({ padding: 'x'.repeat(50_000) });
    const signed = await signWebhook({ body: large, secret });
    createHmac.mockClear();
    const many = { ...signed, 'webhook-signature': 'v1,AAAA '.repeat(300) };
    await refusal(verifyWebhookSignature({ body: large, headers: many, secret }), 'bad-signature');
    expect(createHmac).toHaveBeenCalledTimes(1);
  });
});
