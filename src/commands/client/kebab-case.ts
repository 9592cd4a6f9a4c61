/** A name as commands and flags have it: `StopCisSession` is `stop-cis-session`, `scan_job_id` is `scan-job-id`. */
export function kebabCase(name: string): string {
  return name
    .replaceAll("_", "-")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase();
}
