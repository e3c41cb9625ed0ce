/** A text as it stands in the name of a test: quoted, and cut to the 40 characters for which there is room. */
export function brief(text: string): string {
  const quoted = JSON.stringify(text)
  return quoted.length <= 40 ? quoted : `${quoted.slice(0, 18)}… (${text.length} characters)`
}
