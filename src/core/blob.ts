/** Not by its class alone: another window, and what a test runner loads in a context of its own, has another one. */
export function isBlob(value: unknown): value is Blob {
  return value instanceof Blob || / (Blob|File)]/.test(tagOf(value));
}

/** Such as `[object Uint8Array]`, of which realm it may be. */
export function tagOf(value: unknown): string {
  return {}.toString.call(value);
}

/** The bytes of a Blob, also of one (jsdom's) that has no `arrayBuffer()`. */
export async function bufferOfBlob(blob: Blob): Promise<ArrayBuffer> {
  if (typeof blob.arrayBuffer === 'function') return blob.arrayBuffer();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}
