import { verdict } from '../table.js';

/** One figure beside its target, and beside that of the bare way in the same run. */
export interface Row {
  readonly what: string;
  readonly figure: number;
  readonly most?: number | undefined;
  readonly bare?: number | undefined;
  readonly digits?: number;
}

export const HEAD = ['figure', 'target', 'bare', 'ratio', ''];

export function cellsOf({ what, figure, most, bare, digits = 1 }: Row): string[] {
  return [
    ...[what, figure.toFixed(digits), most === undefined ? '' : `≤ ${most}`],
    ...[bare === undefined ? '' : bare.toFixed(digits), bare === undefined ? '' : (figure / bare).toFixed(2)],
    most === undefined ? '' : verdict(figure <= most),
  ];
}

export function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

export const MB = 1_048_576;
export const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
