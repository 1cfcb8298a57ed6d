/** A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;
export type Encoding = 'hex' | 'base64';
