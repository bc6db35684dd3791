// Reads pages from standard input, a JSON text a line: `file`, and with `pictures` a folder for what it looks
// like. Answers each with a line: what is wrong with it, or `fine`, with what filter and sorting made of it.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import { HtmlValidate } from 'html-validate'
import puppeteer from 'puppeteer-core'

const programs = ['/usr/bin/chromium', '/usr/bin/google-chrome']
const browser = await puppeteer.launch({
  executablePath: programs.find((it) => existsSync(it)),
  // In a container there is no user namespace for the sandbox of a browser. The pages are this project's own.
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
})

async function opened(file, wrong) {
  const page = await browser.newPage()
  await page.setViewport({ width: 1400, height: 900 })
  page.on('console', (message) => wrong.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => wrong.push(`error: ${error}`))
  page.on('dialog', (dialog) => wrong.push(`dialog: ${dialog.message()}`))
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) wrong.push(`asks for ${request.url()}`)
  })
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' })
  return page
}

const names = (page) =>
  page.$$eval('#table tbody tr', (rows) => rows.filter((it) => !it.hidden).map((it) => it.cells[0].textContent))

async function used(page, filter) {
  await page.type('#filter', filter)
  const filtered = await names(page)
  const told = await page.$eval('#shown', (it) => it.textContent)
  await page.$eval('#filter', (it) => {
    it.value = ''
    it.dispatchEvent(new Event('input'))
  })
  const [, state] = await page.$$('#table thead button')
  await state.focus()
  await page.keyboard.press('Enter')
  const rising = await page.$$eval('#table tbody td:nth-child(2)', (all) => all.map((it) => it.textContent))
  await page.keyboard.press('Enter')
  const falling = await page.$$eval('#table tbody td:nth-child(2)', (all) => all.map((it) => it.textContent))
  const sorted = await page.$$eval('#table thead th', (all) => all.map((it) => it.getAttribute('aria-sort')))
  return { filtered, told, rising, falling, sorted }
}

async function judge({ file, filter, pictures }) {
  const wrong = []
  const page = await opened(file, wrong)
  const use = await used(page, filter)
  await page.close()
  for (const scheme of ['light', 'dark']) {
    // axe is a script of its own, which the page's policy would refuse.
    const judged = await browser.newPage()
    await judged.setBypassCSP(true)
    await judged.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
    await judged.setViewport({ width: 1400, height: 900 })
    await judged.goto(pathToFileURL(file).href, { waitUntil: 'load' })
    await judged.evaluate(axe.source)
    const { violations } = await judged.evaluate(() => window.axe.run())
    wrong.push(...violations.map((it) => `axe, ${scheme}: ${it.id}: ${it.nodes.map((node) => node.html).slice(0, 3)}`))
    if (pictures) await judged.screenshot({ path: `${pictures}/${scheme}.png`, fullPage: true })
    if (pictures && scheme === 'light') await judged.pdf({ path: `${pictures}/print.pdf`, preferCSSPageSize: true })
    await judged.close()
  }
  const validator = new HtmlValidate({ extends: ['html-validate:recommended'] })
  const report = await validator.validateString(await readFile(file, 'utf8'))
  for (const { messages } of report.results) {
    wrong.push(...messages.map((it) => `html-validate: ${it.ruleId}: ${it.message} (line ${it.line})`))
  }
  return { wrong, ...use }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await judge(JSON.parse(line))))
}
await browser.close()
