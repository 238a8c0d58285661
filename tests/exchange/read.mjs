// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads a document of lpctl cves with programs of others: read.mjs csaf|cyclonedx FILE. Prints what they find wrong.
import { readFileSync } from 'node:fs'
import { Validation, Spec } from '@cyclonedx/cyclonedx-library'
import * as basic from '@secvisogram/csaf-validator-lib/basic.js'
import validate from '@secvisogram/csaf-validator-lib/validate.js'

const readers = {
  // The schema and the mandatory tests (6.1 of the standard).
  async csaf (text) {
    const { tests } = await validate(Object.values(basic), JSON.parse(text))
    return tests.flatMap(test => test.errors.map(error => ({ test: test.name, ...error })))
  },
  // The strict schema.
  async cyclonedx (text) {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
    return [await validator.validate(text)].filter(Boolean)
  },
}

const [format, file] = process.argv.slice(2)
console.log(JSON.stringify(await readers[format](readFileSync(file, 'utf8')), null, 1))
