import { VideoError } from '../../errors.js';

export function closedBus(): VideoError {
  return new VideoError('closed', 'the bus was closed', {
    hint: 'Close it after the clients and receivers that use it.',
  });
}
