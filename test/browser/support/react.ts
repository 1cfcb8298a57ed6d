import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { onTestFinished } from 'vitest';

/** A place on the page, which is empty again after the test. */
export function place(): HTMLElement {
  const element = document.createElement('div');
  document.body.append(element);
  onTestFinished(() => element.remove());
  return element;
}

/** Rendered until the test ends. */
export function mount(node: ReactNode) {
  const element = place();
  const root = createRoot(element);
  root.render(node);
  onTestFinished(() => root.unmount());
  return { root, text: () => element.textContent, element };
}
