import { test } from 'vitest';
import { followSituations } from './follow-situations.js';
import { webhookSituations } from './webhook-situations.js';
for (const [name, run] of Object.entries({...followSituations, ...webhookSituations})) test(name, async () => { console.log('### '+name+'\n' + (await run()).join('\n')); });
