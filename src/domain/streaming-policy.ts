import type { LaunchProfiles } from "./launch-profile.ts";
import type { StreamUrlTemplate } from "./stream-url-template.ts";

/** What an operator decides about streaming sessions. */
export interface StreamingPolicy {
  /** Who completes transitions: the gateway itself after a while, or a controller that reports. */
  readonly provisioner: "simulated" | "external";
  /** How long a simulated transition takes. */
  readonly simulatedDelayMs: number;
  /** How many sessions a studio may have that are not deleted. 0: any number. */
  readonly maxSessionsPerStudio: number;
  /** For how long what is deleted is still shown. */
  readonly deletedRetentionMs: number;
  /** The region and the account that ARNs show. */
  readonly region: string;
  readonly account: string;
  readonly streamUrl: StreamUrlTemplate;
  readonly launchProfiles: LaunchProfiles;
}
