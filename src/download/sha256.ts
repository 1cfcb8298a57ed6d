/** A SHA-256 that takes its bytes piece by piece, which WebCrypto does not. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** In base64. */
  digest(): string;
}

/** By Node's own where there is one, which is ten times as fast. */
export function newSha256(): Sha256 {
  const native = nodeCrypto()?.createHash('sha256');
  if (native === undefined) return new PortableSha256();
  return { update: (bytes) => void native.update(bytes), digest: () => native.digest('base64') };
}

function nodeCrypto(): typeof import('node:crypto') | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.('node:crypto') as typeof import('node:crypto') | undefined;
}

/** FIPS 180-4: the first 32 bits of the fractional parts of the roots of the first primes. */
const PRIMES: number[] = [];
for (let candidate = 2; PRIMES.length < 64; candidate++) {
  if (PRIMES.every((prime) => candidate % prime !== 0)) PRIMES.push(candidate);
}
const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

export class PortableSha256 implements Sha256 {
  readonly #state = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(64);
  readonly #view = new DataView(this.#block.buffer);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + 64 - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === 64) this.#compress();
    }
  }

  digest(): string {
    const bits = this.#length * 8;
    this.update(Uint8Array.of(0x80));
    while (this.#filled !== 56) this.update(Uint8Array.of(0));
    this.#view.setUint32(56, Math.floor(bits / 2 ** 32));
    this.#view.setUint32(60, bits >>> 0);
    this.#compress();
    const out = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => {
      out.setInt32(4 * index, word);
    });
    return btoa(String.fromCharCode(...new Uint8Array(out.buffer)));
  }

  #compress(): void {
    const words = this.#words;
    const state = this.#state;
    for (let i = 0; i < 16; i++) words[i] = this.#view.getInt32(4 * i);
    for (let i = 16; i < 64; i++) {
      const a = words[i - 15] as number;
      const b = words[i - 2] as number;
      const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      words[i] = (words[i - 16] as number) + low + (words[i - 7] as number) + high;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let i = 0; i < 64; i++) {
      const sum1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + sum1 + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + (words[i] as number)) | 0;
      const sum0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    state.set([a, b, c, d, e, f, g, h].map((value, i) => value + (state[i] as number)));
    this.#filled = 0;
  }
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
