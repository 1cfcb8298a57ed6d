import { recordOf } from '../../../src/jobs/contract/check.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { WebJobStore } from '../../../src/jobs/stores/web.js';

// One of two tabs of `web-jobs.node.test.ts`: for each round it asks its site for keys, which answers both tabs at once.
const site = new URLSearchParams(location.search);
const store = new WebJobStore('ann');

async function ask(path: string, body?: object): Promise<string> {
  const answer = await fetch(path, { method: 'POST', body: JSON.stringify(body ?? {}) });
  return answer.text();
}

async function race(): Promise<void> {
  for (;;) {
    const keys = JSON.parse(await ask(`/keys?tab=${site.get('tab')}`)) as readonly string[];
    if (keys.length === 0) return;
    const records = keys.map((key) => recordOf({ key }));
    const answers = (await Promise.all(records.map((record) => store.add(record)))) as readonly JobRecord[];
    const told = answers.map(({ key, idempotencyKey }, i) => {
      return { key, idempotencyKey, isMine: idempotencyKey === records[i]?.idempotencyKey };
    });
    await ask('/told', told);
  }
}

document.querySelector('button')?.addEventListener('click', () => {
  // As a person does: a tab of its own, of which this one knows nothing.
  window.open('/?tab=second', '_blank', 'noopener');
});

race().catch((error: unknown) => ask('/told', [{ error: String(error), hasLocks: 'locks' in navigator }]));
