/** A switch by which scenarios take GitLab down for the controller and for every machine. */
export interface GitLabOutage {
  on: boolean;
}
