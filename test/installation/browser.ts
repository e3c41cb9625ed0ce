/** People at Chromium: what the page has them click and type. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { repository } from './reader.ts'

const screenshots = join(repository, '.ci', 'work', 'screenshots')
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** A notebook server takes its time on a busy machine. */
const patienceMs = 90_000

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
}

/** Logs in at the hub's first page, in a browser of their own, and waits for JupyterLab. */
export async function logIn(
  browser: Browser,
  { hub, name, password }: { hub: string; name: string; password: string },
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  context.setDefaultTimeout(patienceMs)
  const page = await context.newPage()
  await page.goto(hub)
  await page.fill('#username_input', name)
  await page.fill('#password_input', password)
  await page.click('#login_submit')
  await page.waitForSelector('.jp-LauncherCard')
  return page
}

/** Opens a terminal in JupyterLab and pastes commands into it. */
export async function pasteIntoTerminal(page: Page, commands: string): Promise<void> {
  await page.locator('.jp-LauncherCard', { hasText: 'Terminal' }).click()
  const input = page.locator('.jp-Terminal .xterm-helper-textarea')
  await input.waitFor({ state: 'attached' })
  // Until the shell has shown its prompt, what comes in gets lost.
  await page.waitForTimeout(3000)
  await input.evaluate((element, text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', text)
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, commands)
  await input.focus()
  await page.keyboard.press('Enter')
}

export async function openFromMenu(page: Page, menu: string, entry: string): Promise<void> {
  await page.locator('.lm-MenuBar-item', { hasText: menu }).click()
  await page.locator('.lm-Menu-itemLabel').getByText(entry, { exact: true }).click()
}

/** Stops the notebook server from the hub's control panel and starts it again. Returns the tab that has it then. */
export async function restartServer(page: Page): Promise<Page> {
  const opened = page.context().waitForEvent('page')
  await openFromMenu(page, 'File', 'Hub Control Panel')
  const panel = await opened
  await panel.getByText('Stop My Server').click()
  await panel.getByText('Start My Server').click()
  await panel.waitForSelector('.lm-MenuBar-item')
  return panel
}

/** Presses the button in a column of ps1's row; the formgrader answers with a dialog. Returns its text. */
export async function pressInFormgrader(page: Page, column: string): Promise<string> {
  await page.locator(`tr td.${column} a`).click()
  const dialog = page.locator('.modal.in')
  await dialog.waitFor()
  const text = await dialog.innerText()
  await dialog.getByRole('button', { name: 'OK' }).click()
  await page.locator('.modal-backdrop').waitFor({ state: 'detached' })
  return text
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `installation-${name}.png`) })
}
