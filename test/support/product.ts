/** The processes that tests start are of the product as it is built, once for a run of the tests. */
export { buildProduct as setup } from '../../build.ts'
