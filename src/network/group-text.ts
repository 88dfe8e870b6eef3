/** What names and descriptions of groups and descriptions of rules may be made of (facts §7.6). */

export function isGroupText(text: string): boolean {
  return /^[\w .\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(text);
}

/** EC2's words for it. */
export const groupTextRule = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
