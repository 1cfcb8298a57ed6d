import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import manifest from '../../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the reports are kept. */
export const reportFolder = import.meta.dirname;

/** Each import path of the package, as its `exports` name it, and the built declarations behind it. */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, join(root, target.types.require)]],
  ),
);

/** What these lead to is in the report of the entry point that exports it. */
const MADE_OF_OTHERS = ['./react', './mock-server/msw'];

/** `webhooks-node.public.api.md` for `./webhooks/node`; the file of `.` has the package's name. */
export function reportFile(subpath: string): string {
  const name = subpath === '.' ? manifest.name : subpath.slice(2).replaceAll('/', '-');
  return `${name}.public.api.md`;
}

/** Writes to `folder` what can be imported from `subpath`, with every type that it leads to. */
export function extractApi(subpath: string, folder: string): void {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entries.get(subpath) ?? '',
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: folder,
        reportFileName: basename(reportFile(subpath), '.public.api.md'),
        // Without what is marked @internal, and what only that leads to.
        reportVariants: ['public'],
        // What is not exported by name is public all the same where an export is made of it.
        includeForgottenExports: !MADE_OF_OTHERS.includes(subpath),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        // Comments are TypeDoc's to check; see .typedoc.json.
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error)
        throw new Error(message.formatMessageWithLocation(root));
    },
  });
  // It puts spaces before the tabs of the declarations.
  const report = join(folder, reportFile(subpath));
  const spaced = readFileSync(report, 'utf8')
    .replaceAll(/^ +(?=\t)/gm, '')
    .replaceAll('\t', '    ');
  writeFileSync(report, spaced);
}
