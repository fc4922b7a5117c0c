/** One line of docs/campaign.md. */
export interface Finding {
  name: string;
  result: string;
  passed: boolean;
}
