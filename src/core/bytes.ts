/** `Uint8Array<ArrayBuffer>`, by a name that TypeScript before 5.7 knows, too: there the class takes no parameter. */
export type ByteArray = ReturnType<typeof Uint8Array.of>;
