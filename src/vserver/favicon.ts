/** The mark of `web/assets.ts` at 32 × 32 pixels, as the PNG that this API promises. */
export const faviconPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAgMAAAAOFJJnAAAACVBMVEXCVxrCVxr///9gFsbcAAAAA3RSTlMA//9EUNYhAAAAZUlEQVR42mNgCAUDBgZGCMOBgRXCCGAQhTBCoEqAilAYS6GMsJUwxiqY1KqpIEbYqlWrloIYUUDGShQGXAqryegMkLapIEYWWBsyAy4FthysC2Q5mJEFY0ThMBnuQbiX4YEACxYAlA9fJKXr+VEAAAAASUVORK5CYII=',
  'base64',
)
