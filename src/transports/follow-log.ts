import type { TellEffect } from '../core/follow-model.js';
import type { Logger } from '../core/settings.js';
import { wordsOf } from '../core/text.js';
import type { Runtime } from '../runtime/runtime.js';
import { WarningLog } from './warning-log.js';

/** What the logger is told of following. Each line names its job. Never throws. */
export class FollowLog {
  readonly #logger: Logger;
  readonly #warnings: WarningLog;

  constructor(deps: { readonly runtime: Runtime; readonly logger: Logger }) {
    this.#logger = deps.logger;
    this.#warnings = new WarningLog(deps);
  }

  tell(effect: TellEffect): void {
    if (effect.type === 'warning') {
      this.#warnings.tell(effect.warning);
    } else if (effect.type === 'transport') {
      const { jobId, transport, previous, reason } = effect.change;
      const change = `${previous ?? 'nothing'} → ${transport ?? 'nothing'}: ${reason}`;
      safely(() => this.#logger.debug(`job ${JSON.stringify(jobId)}: ${change}`));
    }
  }

  /** A stream of these jobs. */
  failed(reason: string, jobIds: readonly string[]): void {
    safely(() => this.#logger.info(`${reason}; ${named(jobIds)}`));
  }

  readonly threw = (error: unknown): void =>
    safely(() => this.#logger.error(`a listener, or the backend, threw: ${wordsOf(error)}`));

  /** Tells what was counted, and leaves no timer. */
  flush(): void {
    this.#warnings.flush();
  }
}

/** Jobs as a line of a log names them, which has no room for thousands. */
function named(jobIds: readonly string[]): string {
  const some = jobIds.slice(0, 3).map((jobId) => JSON.stringify(jobId));
  const more = jobIds.length > 3 ? ` and ${jobIds.length - 3} more` : '';
  return `job${jobIds.length === 1 ? '' : 's'} ${some.join(', ')}${more}`;
}

/** A logger that throws is nobody's concern but its own. */
function safely(log: () => void): void {
  try {
    log();
  } catch {
    // There is nobody left to tell.
  }
}
