/** A shorter value, such as `v3` or a language, is no secret, and is found in all kinds of words. */
export const LEAST_SECRET_LENGTH = 8;
