/** Small files beside the pages. */

/** Our mark: handing out and handing in. */
export const faviconSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#c2571a"/>
<path d="M8 12h13l-4-4M24 20H11l4 4" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>
`

/** Pages of the old server, which a browser or a script may have kept, ask for a script of this name. Ours need none. */
export const layoutScript =
  '// The pages lay themselves out with CSS. This address stays for those that still ask for it.\n'
