/** An image that was asked for cannot be: the message says why, and what to do. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}
