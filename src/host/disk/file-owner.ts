/** The unprivileged user that a volume's files belong to. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}
