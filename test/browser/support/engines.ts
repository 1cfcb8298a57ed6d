import { existsSync, readdirSync } from 'node:fs';
import { chromium, firefox, type LaunchOptions, webkit } from 'playwright';

export const ENGINES = ['chromium', 'firefox', 'webkit'] as const;
export type Engine = (typeof ENGINES)[number];

/** How to start a browser: by playwright, or WebKitGTK by its own driver. */
export type Launch =
  | { readonly by: 'playwright'; readonly options: LaunchOptions }
  | { readonly by: 'webdriver'; readonly miniBrowser: string };

const PACKAGES: Readonly<Record<Engine, string>> = {
  chromium: 'chromium',
  firefox: 'firefox-esr',
  webkit:
    'webkit2gtk-driver xvfb xauth gstreamer1.0-libav gstreamer1.0-plugins-bad, from which WebKitWebDriver, ' +
    'xvfb-run and MiniBrowser are needed',
};

/** Undefined where the browser is not on this machine. */
function findEngine(engine: Engine): Launch | undefined {
  if (engine === 'webkit') {
    const miniBrowser = findMiniBrowser();
    if (miniBrowser !== undefined) return { by: 'webdriver', miniBrowser };
  } else {
    const executablePath = INSTALLED[engine].find(existsSync);
    if (executablePath !== undefined)
      return { by: 'playwright', options: { ...OPTIONS[engine], executablePath } };
  }
  const downloaded = { chromium, firefox, webkit }[engine].executablePath();
  return existsSync(downloaded) ? { by: 'playwright', options: {} } : undefined;
}

/**
 * The browsers to test in. One that is missing is told; where nobody would read that, it is an error: a test that
 * silently does not run is worth nothing.
 */
export function findEngines(): readonly (readonly [Engine, Launch])[] {
  return ENGINES.flatMap((engine) => {
    const launch = findEngine(engine);
    if (launch !== undefined) return [[engine, launch] as const];
    const message =
      `no ${engine} on this machine. On Debian run .ci/machine, or install ${PACKAGES[engine]}; ` +
      `elsewhere run: npx playwright install ${engine}`;
    if (process.env.CI) throw new Error(message);
    console.warn(`Not tested: ${message}`);
    return [];
  });
}

const INSTALLED = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
} as const;

const OPTIONS: Readonly<Record<'chromium' | 'firefox', LaunchOptions>> = {
  chromium: { args: ['--no-sandbox', '--disable-background-networking'] },
  // Not the patched one that playwright downloads: it is spoken to over BiDi.
  firefox: { channel: 'moz-firefox' },
};

function findMiniBrowser(): string | undefined {
  if (!existsSync('/usr/bin/WebKitWebDriver') || !existsSync('/usr/bin/xvfb-run')) return undefined;
  return readdirSync('/usr/lib')
    .map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`)
    .find(existsSync);
}
