import { MultiBar } from 'cli-progress';
import { type Display, elapsedOf, percentOf, type Row } from './row.js';
import { shorten, visible } from './text.js';

const CLEAR_BELOW = '\u001b[0J';
const WRAP = '\u001b[?7h';
const NO_WRAP = '\u001b[?7l';
const BAR_WIDTH = 20;
const MAX_ID_WIDTH = 28;
/** What moves to and fro where there is no percentage, and how long each step takes. */
const SLIDER_WIDTH = 4;
const SLIDER_STEP_MS = 100;

/** A bar for each job, one below the other; a terminal only. */
export function createBars(stream: NodeJS.WriteStream, rows: readonly Row[]): Display {
  const idWidth =
    rows.length === 1 ? 0 : Math.min(MAX_ID_WIDTH, Math.max(...rows.map(({ jobId }) => jobId.length)));
  const bars = new MultiBar({
    stream,
    format: (_options, _params, { row }: { row: Row }) => layout(row, idWidth),
    hideCursor: true,
    // A line that wraps cannot be drawn over.
    linewrap: false,
    // Ctrl-C is for the command to act on.
    gracefulExit: false,
    // A note takes the place of rows that have not changed.
    forceRedraw: true,
  });
  const drawn = new Map(rows.map((row) => [row.jobId, bars.create(100, row.progress ?? 0, { row })]));
  return {
    show: (row) => drawn.get(row.jobId)?.update(row.progress ?? 0, { row }),
    note(text) {
      bars.log(`${CLEAR_BELOW}${WRAP}${text}${NO_WRAP}\n`);
      bars.update();
    },
    stop: () => bars.stop(),
  };
}

function layout(row: Row, idWidth: number): string {
  const columns = [
    idWidth === 0 ? '' : shorten(visible(row.jobId), idWidth).padEnd(idWidth),
    drawBar(row),
    percentOf(row.progress).padStart(5),
    row.status.padEnd('downloading'.length),
    elapsedOf(row).padStart('59 s'.length),
    row.transport.padEnd('websocket'.length),
    visible(row.message),
  ];
  return columns
    .filter((column) => column !== '')
    .join('  ')
    .trimEnd();
}

/** Full as far as the job is; where nobody knows, something that moves while it goes on. */
function drawBar({ endedMs, progress, startedMs }: Row): string {
  if (progress !== undefined) {
    const done = Math.round((progress / 100) * BAR_WIDTH);
    return `${'█'.repeat(done)}${'░'.repeat(BAR_WIDTH - done)}`;
  }
  if (endedMs !== undefined) return '░'.repeat(BAR_WIDTH);
  const way = BAR_WIDTH - SLIDER_WIDTH;
  const step = Math.floor((Date.now() - startedMs) / SLIDER_STEP_MS) % (2 * way);
  const left = way - Math.abs(way - step);
  return `${'░'.repeat(left)}${'█'.repeat(SLIDER_WIDTH)}${'░'.repeat(way - left)}`;
}
