/** What is read of the manifest, when it is built: it stands above the folder of the sources. */
declare module '*/package.json' {
  export const version: string;
}
