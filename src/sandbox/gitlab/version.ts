/** The version that the double speaks. */
export const GITLAB_VERSION = '19.5.0';
