/** A file on an origin of its own, which pages may read as far as it lets them. */
export interface StoreOptions {
  readonly file: 'zeros' | 'noise';
  readonly bytes: number;
  /** Of the answers that hold the file, CORS included. Those of `whenAsked` only where the request has an `Origin`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly whenAsked?: Readonly<Record<string, string>>;
  /** `Access-Control-Allow-Headers` of its preflights. */
  readonly allowedHeaders?: string;
  readonly gzip?: boolean;
  /** The first answer stops here, until `cut` breaks its connection. */
  readonly stopAt?: number;
}

/** The same bytes wherever they are made, and a browser takes them for no text. */
export function fileOf({ file, bytes }: Pick<StoreOptions, 'file' | 'bytes'>): Uint8Array<ArrayBuffer> {
  let state = 1;
  return Uint8Array.from({ length: bytes }, (_, index) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return file === 'noise' ? state >>> 24 : index === 0 ? 1 : 0;
  });
}
