import type { MockJob } from '../../job.js';
import type { MockVariant } from '../../media/files.js';
import { type Graph, NODE_CLASSES, type Saves } from './nodes.js';

/** A run, as far as its files are concerned. */
interface Saver {
  readonly graph: Graph;
  readonly job: MockJob;
  readonly number: number;
  readonly outputs: readonly string[];
}

export interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

/** What a node has saved, as it tells it: `{ images: […], animated: [true] }`. */
export function outputsOf(job: MockJob, number: number, node: string, saves: Saves): object {
  const { key, extension, type, animated, format } = saves;
  const { outputs = 1 } = job.behaviour;
  const count = extension === 'mp4' ? outputs : 1;
  const files = Array.from({ length: count }, (_, index) => {
    const place = `${String(Math.abs(number)).padStart(5, '0')}_${node}${index === 0 ? '' : `_${index}`}`;
    const filename = `ComfyUI_${place}.${extension}`;
    const subfolder = key === 'images' && animated ? 'video' : '';
    return {
      ...{ filename, subfolder, type },
      ...(format && {
        ...{ format, frame_rate: 16, workflow: filename.replace(/\w+$/, 'png') },
        fullpath: `/comfy/output/${filename}`,
      }),
    };
  });
  return { [key]: files, ...(animated && { animated: [true] }) };
}

/** All that a run has saved, by node. */
export function savedBy({ graph, job, number, outputs }: Saver): Record<string, object> {
  const saved = outputs.flatMap((id) => {
    const saves = NODE_CLASSES[graph[id]?.class_type ?? '']?.saves;
    return saves === undefined ? [] : [[id, outputsOf(job, number, id, saves)] as const];
  });
  return Object.fromEntries(saved);
}

/** Which of the mock's files one of a run is. */
export function variantOf(run: Saver, wanted: SavedFile): MockVariant | undefined {
  const all = Object.values(savedBy(run)).flatMap((output) =>
    Object.values(output)
      .flat()
      .filter((file): file is SavedFile => typeof file === 'object'),
  );
  const file = all.find(
    ({ filename, subfolder, type }) =>
      filename === wanted.filename && subfolder === wanted.subfolder && type === wanted.type,
  );
  if (file === undefined) return undefined;
  if (!file.filename.endsWith('.mp4')) return file.filename.endsWith('.webp') ? 'thumbnail' : 'spritesheet';
  return /_\d+_\w+_\d+\.mp4$/.test(file.filename) ? 'reels' : 'video';
}
