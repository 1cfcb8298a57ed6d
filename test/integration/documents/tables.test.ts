import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { VideoClient } from '../../../src/client/client.js';
import { resolveOptions } from '../../../src/client/resolve-options.js';
import { soraGateway } from '../../../src/index.js';
import { FAL_MODELS } from '../../../src/mock-server/hosted/fal-models.js';
import { REPLICATE_MODELS } from '../../../src/mock-server/hosted/replicate-models.js';
import { RUNWAY_MODELS, type RunwayRule } from '../../../src/mock-server/hosted/runway-models.js';
import { XAI_MODELS } from '../../../src/mock-server/hosted/xai-input.js';
import { createMockServer } from '../../../src/mock-server/index.js';
import { resolveLimits } from '../../../src/relay/limits.js';
import { readDocument, root } from '../../support/documents.js';

/** The entry points, and the files that they are. */
const ENTRIES = {
  reelwire: 'src/index.ts',
  'reelwire/backends': 'src/backends/hosted/index.ts',
  'reelwire/jobs': 'src/jobs/index.ts',
  'reelwire/jobs/node': 'src/jobs/node.ts',
  'reelwire/jobs/testing': 'src/jobs/testing.ts',
  'reelwire/relay': 'src/relay/index.ts',
  'reelwire/relay/node': 'src/relay/node.ts',
  'reelwire/webhooks': 'src/webhooks/index.ts',
  'reelwire/webhooks/node': 'src/webhooks/node.ts',
  'reelwire/webhooks/testing': 'src/webhooks/testing.ts',
  'reelwire/react': 'src/react/index.ts',
  'reelwire/mock-server': 'src/mock-server/index.ts',
  'reelwire/mock-server/msw': 'src/mock-server/msw.ts',
};

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
const files = Object.values(ENTRIES).map((file) => join(root, file));
const program = ts.createProgram(files, options);
const checker = program.getTypeChecker();

function exportsOf(entry: keyof typeof ENTRIES): ts.Symbol[] {
  const source = program.getSourceFile(join(root, ENTRIES[entry]));
  const module = source && checker.getSymbolAtLocation(source);
  const all = module === undefined ? [] : checker.getExportsOfModule(module);
  return all.map((one) => (one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one));
}

const types = new Map(
  (Object.keys(ENTRIES) as (keyof typeof ENTRIES)[]).flatMap(exportsOf).map((one) => [one.name, one]),
);

/** The public members of a class or an interface, inherited ones too; symbols are `using` and `for await`. */
function membersOf(name: string): string[] {
  const symbol = types.get(name);
  if (symbol === undefined) throw new Error(`${name} is not exported`);
  const members = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  return members.map((member) => member.name).filter((member) => /^[a-z]/i.test(member));
}

/** The functions of an entry; errors have a table of their own, and what `new` makes is told with what gives it. */
function functionsOf(entry: keyof typeof ENTRIES): string[] {
  return exportsOf(entry)
    .filter(({ flags }) => flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable))
    .map(({ name }) => name);
}

function namesOf(union: string): string[] {
  const symbol = types.get(union);
  const type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
  return type?.isUnion() ? type.types.map((one) => String((one as ts.StringLiteralType).value)) : [];
}

/** The rows of the table that follows a line of a document, as their cells. */
function table(before: string, document = 'README.md'): string[][] {
  const text = readDocument(document);
  const start = text.indexOf(`\n${before}\n`);
  if (start === -1) throw new Error(`${document} has no line ${before}`);
  const lines = text.slice(text.indexOf('\n|', start) + 1).split('\n');
  const rows = lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith('|')),
    )
    .slice(2);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** The first cell of each row, without its marks: `` `generate(input, options?)` `` is `generate`. */
function names(rows: readonly string[][]): string[] {
  return rows.map(([cell = '']) => /^`([\w.-]+)/.exec(cell)?.[1] ?? cell).sort();
}

const sorted = (all: Iterable<string>) => [...new Set(all)].sort();
const without = (all: readonly string[], ...left: string[]) => all.filter((name) => !left.includes(name));

describe('the README has a row for each of what there is, and for nothing else:', () => {
  it('methods of VideoClient', () => {
    expect(names(table('Of `VideoClient`:'))).toEqual(sorted(membersOf('VideoClient')));
  });

  it('methods of VideoJob', () => {
    const listed = without(names(table('Of `VideoJob`:')), 'for');
    expect(listed).toEqual(sorted(membersOf('VideoJob')));
  });

  it('what a download has', () => {
    const listed = names(table('Of `VideoDownload`, what a download gives:'));
    expect(listed).toEqual(sorted(membersOf('VideoDownload')));
  });

  it('functions, with the entry point that has each', () => {
    const listed = table('Functions, and where they are:');
    const entries = Object.keys(ENTRIES) as (keyof typeof ENTRIES)[];
    const there = new Map<string, string[]>();
    for (const entry of entries) {
      for (const name of functionsOf(entry)) there.set(name, [...(there.get(name) ?? []), entry]);
    }
    // Of `reelwire/webhooks` it is meant for who has no client.
    there.set('isVideoError', ['reelwire']);
    const told = listed.map(([name = '', of = '']) => [/\w+/.exec(name)?.[0], of.replaceAll('`', '')]);
    const wanted = [...there].map(([name, of]) => [name, of.join(', ')]);
    expect(told.sort()).toEqual(wanted.sort());
  });

  it('events', () => {
    expect(names(table('## Every event'))).toEqual(sorted(membersOf('VideoJobEvents')));
  });

  it('fields of a snapshot', () => {
    const states = ['PendingJob', 'CompletedJob', 'FailedJob'];
    const rows = table(
      'A snapshot has a `status`, one of `queued`, `processing`, `completed` and `failed`, and by that:',
    );
    expect(names(rows)).toEqual(sorted(states.flatMap(membersOf)));
  });

  it('options of the client', () => {
    const groups = { polling: 'PollingOptions', timeouts: 'TimeoutOptions', retry: 'RetryOptions' };
    const wanted = membersOf('VideoClientOptions').flatMap((name) => {
      const group = groups[name as keyof typeof groups];
      return group === undefined ? [name] : membersOf(group).map((member) => `${name}.${member}`);
    });
    const rows = table('Of `new VideoClient`:');
    expect(names(rows)).toEqual(sorted(wanted));
  });

  it('defaults of the client', () => {
    const settings = resolveOptions({ baseUrl: 'http://localhost' }, soraGateway);
    const rows = table('Of `new VideoClient`:');
    const told = new Map(rows.map(([name = '', fallback = '']) => [name.replaceAll('`', ''), fallback]));
    for (const group of ['polling', 'timeouts', 'retry'] as const) {
      for (const [name, value] of Object.entries(settings[group])) {
        expect(told.get(`${group}.${name}`), name).toBe(value.toLocaleString('en'));
      }
    }
  });

  it('options of calls', () => {
    const groups = ['CallOptions', 'GenerateOptions', 'GenerateManyOptions', 'PollOptions', 'WaitOptions'];
    const wanted = [...groups, 'DownloadOptions', 'ResumeOptions'].flatMap(membersOf);
    expect(names(table('Of calls:'))).toEqual(sorted(wanted));
  });

  it('options of backends', () => {
    const backends = [
      'SoraGateway',
      'VidBuilder',
      'OpenAIVideos',
      'OpenRouter',
      'Replicate',
      'Runway',
      'Xai',
      'Fal',
    ];
    const wanted = backends.flatMap((name) => membersOf(`${name}Options`));
    expect(sorted(names(table('Of backends:')))).toEqual(sorted(wanted));
  });

  it('options of receivers', () => {
    const line = table(
      'Of `createWebhookHandler` (`unwrapWebhook` and `verifyWebhookSignature` take those marked with a star):',
    );
    expect(names(line)).toEqual(sorted(membersOf('WebhookHandlerOptions')));
    const starred = names(line.filter(([cell = '']) => cell.endsWith('*')));
    expect(starred).toEqual(sorted(['VerifyOptions', 'VerifyFromOptions'].flatMap(membersOf)));
  });

  it('options and limits of a relay, with the defaults of these', () => {
    const rows = table('Of `createRelay`:');
    const limits = Object.entries(resolveLimits());
    const wanted = [
      ...without(membersOf('RelayOptions'), 'limits'),
      ...limits.map(([name]) => `limits.${name}`),
    ];
    expect(names(rows)).toEqual(sorted(wanted));
    const told = new Map(rows.map(([name = '', fallback = '']) => [name.replaceAll('`', ''), fallback]));
    for (const [name, value] of limits) expect(told.get(`limits.${name}`)).toBe(value.toLocaleString('en'));
  });

  it('options of the hooks', () => {
    const own = without(membersOf('GenerateVideoOptions'), ...membersOf('GenerateOptions'));
    const wanted = [
      ...['UseVideoJobOptions', 'UseGenerateVideoOptions', 'UseJobsOptions'].flatMap(membersOf),
      ...own,
    ];
    expect(names(table('Of the hooks:'))).toEqual(sorted(wanted));
  });

  it('errors, each with its class', () => {
    const rows = table('## Every error');
    expect(names(rows)).toEqual(sorted(namesOf('VideoErrorCode')));
    const classes = [...types.values()].filter(({ name, flags }) => {
      return flags & ts.SymbolFlags.Class && name.endsWith('Error');
    });
    const told = sorted(rows.map(([, name = '']) => name.replaceAll('`', '')));
    expect(told).toEqual(sorted(classes.map(({ name }) => name)));
  });
});

it('the guide to OpenRouter has the models that the mock server knows', async () => {
  await using server = await createMockServer();
  await using client = new VideoClient({ baseUrl: server.urlOf('openrouter'), backend: openRouter() });
  const wanted = (await client.backend.models()).map((model) => [
    `\`${model.id}\``,
    ...[model.supported_durations, model.supported_resolutions].map((values) => values?.join(', ')),
    ...[model.supported_aspect_ratios, model.supported_frame_images].map((values) => values?.join(', ')),
  ]);
  expect(table('## Models', 'examples/guides/openrouter.md')).toEqual(wanted);
});

it('the guide to Replicate has the models that the mock server knows, with what their inputs are', async () => {
  await using server = await createMockServer();
  const listed = table('## Models', 'examples/guides/replicate.md');
  expect(listed.map(([name]) => name)).toEqual(Object.keys(REPLICATE_MODELS).map((name) => `\`${name}\``));
  for (const [name = '', ...cells] of listed) {
    const answer = await fetch(`${server.urlOf('replicate')}/models/${name.replaceAll('`', '')}`);
    const model = (await answer.json()) as { latest_version: { openapi_schema: ReplicateSchema } };
    const { properties } = model.latest_version.openapi_schema.components.schemas.Input;
    const { prompt: _, duration, resolution, aspect_ratio, ...others } = properties;
    const told = [duration, resolution, aspect_ratio].map(
      (field) => field?.enum?.join(', ') ?? field?.type ?? '',
    );
    expect(cells, name).toEqual([
      ...told,
      Object.keys(others)
        .map((field) => `\`${field}\``)
        .join(', '),
    ]);
  }
});

it('the guide to Runway has the models that the mock server knows, with what it takes of each', () => {
  const shown = (rule: RunwayRule | undefined): string => {
    if (rule === undefined || typeof rule === 'string') return rule ?? '';
    if (!('from' in rule)) return rule.join(', ');
    return `${rule.from}–${rule.to}${rule.or === undefined ? '' : `, ${rule.or}`}`;
  };
  const inCode = (all: readonly string[]) => all.map((one) => `\`${one}\``).join(', ');
  const wanted = Object.entries(RUNWAY_MODELS).map(([name, { tasks, required, fields }]) => {
    const { duration, ratio, ...others } = fields;
    return [
      inCode([name]),
      ...[tasks.map((task) => task.replace('_to_video', '')).join(', '), shown(duration), shown(ratio)],
      ...[inCode(required), inCode(without(Object.keys(others), ...required))],
    ];
  });
  const guide = 'examples/guides/runway.md';
  expect(table('## Models', guide)).toEqual(wanted);
  expect(readDocument(guide)).toContain(
    `\`gen4.5\` takes ${RUNWAY_MODELS['gen4.5']?.imageRatios?.join(', ').replace(/, (\S+)$/, ' and $1')}`,
  );
});

it('the guide to xAI has the models that the mock server knows, with what it takes of each', () => {
  const wanted = Object.entries(XAI_MODELS).map(([name, { resolutions, fields }]) => [
    ...[`\`${name}\``, resolutions.join(', '), fields.map((field) => `\`${field}\``).join(', ')],
  ]);
  expect(table('## Models', 'examples/guides/xai.md')).toEqual(wanted);
});

it('the guide to fal has the models that the mock server knows, with what their inputs are', () => {
  const wanted = Object.entries(FAL_MODELS).map(([name, rules]) => {
    const told = Object.entries(rules).map(([field, rule]) => [
      field.replace('*', ''),
      typeof rule === 'string' ? rule : rule.join(', '),
    ]);
    const { prompt: _, duration, resolution, aspect_ratio = '', ...others } = Object.fromEntries(told);
    const names = Object.keys(others).map((field) => `\`${field}\``);
    return [`\`${name}\``, duration, resolution, aspect_ratio, names.join(', ')];
  });
  expect(table('## Models', 'examples/guides/fal.md')).toEqual(wanted);
});

/** What a model of Replicate takes, as it tells it. */
interface ReplicateSchema {
  readonly components: {
    readonly schemas: {
      readonly Input: {
        readonly properties: Record<string, { readonly type: string; readonly enum?: unknown[] }>;
      };
    };
  };
}

it('the guide has a row for each option of the mock server', () => {
  const guide = 'examples/guides/testing-your-app.md';
  const wanted = [...membersOf('MockServerOptions'), ...membersOf('MockJobBehaviour')];
  expect(names(table('### Every option of the mock server', guide))).toEqual(sorted(wanted));
});
