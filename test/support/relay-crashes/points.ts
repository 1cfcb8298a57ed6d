import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../crashes/fate.js';
import type { Balancer, Cut } from './balancer.js';
import type { Relays } from './relays.js';
import type { SubmitWatch } from './upstream.js';

/** What a point of death needs to see to it. */
export interface Scene {
  readonly relays: Relays;
  readonly balancer: Balancer;
  readonly submits: { -readonly [Name in keyof SubmitWatch]: SubmitWatch[Name] };
  readonly random: () => number;
}

/** Sees to it that a process dies there, at once or at a moment to come. */
type Arm = (scene: Scene, victim: string) => unknown;

/** When a process is killed, by what it is at. */
export const POINTS: Readonly<Record<string, Arm>> = {
  'record written, nothing sent': atStep('before POST', 4),
  'POST under way, not read': (scene, victim) => atSubmit('came', scene, victim),
  'POST under way, its job made': (scene, victim) => atSubmit('made', scene, victim),
  'POST answered, id not written': atStep('before put submitted', 4),
  'id written, page not answered': atStep('after put submitted', 4),
  'webhook accepted, not published': atStep('before ingest', 4),
  'published, sender not answered': atStep('after publish', 6),
  'frame half written': atPart(({ isWebSocket, passed }) => isWebSocket && passed > 0, 12),
  'event half written': atPart(
    ({ asked, passed }) => passed > 0 && asked.startsWith('GET /videos/api/jobs/events'),
    8,
  ),
  'download half sent': atPart(({ asked }) => asked.startsWith('GET /videos/api/download'), 4, 5_000),
  'while it drains': async ({ relays, random }, victim) => {
    await sleep(random() * 200);
    relays.tell(victim, { drainMs: 500 });
    await sleep(random() * 500);
    relays.kill(victim);
  },
  'at any moment': async ({ relays, random }, victim) => {
    await sleep(random() * 500);
    relays.kill(victim);
  },
};

function atStep(at: Step, most: number): Arm {
  return ({ relays, random }, victim) =>
    relays.tell(victim, { die: { at, nth: 1 + Math.floor(random() * most) } });
}

function atSubmit(when: keyof SubmitWatch, { submits, relays, random }: Scene, victim: string): void {
  let left = 1 + Math.floor(random() * 4);
  submits[when] = (relay) => {
    if (relay !== victim || --left > 0) return;
    submits[when] = () => {};
    relays.kill(victim);
  };
}

function atPart(isMeant: (...passage: Parameters<Cut>) => boolean, most: number, leastBytes = 2): Arm {
  return ({ balancer, relays, random }, victim) => {
    let left = 1 + Math.floor(random() * most);
    balancer.cut = (passage, part) => {
      if (passage.to !== victim || part.length < leastBytes || !isMeant(passage, part) || --left > 0)
        return false;
      balancer.cut = () => false;
      relays.kill(victim);
      return true;
    };
  };
}
