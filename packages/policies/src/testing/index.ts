/** The door of what tests of policies need: `@gatewright/policies/testing`. */
export { FakeClock } from './fake-clock.ts'
export { type FakeAnswer, FakeHttp } from './fake-http.ts'
export { MemoryCounters } from './memory-counters.ts'
export { MemoryCredentials } from './memory-credentials.ts'
export { MemorySharedValues } from './memory-shared-values.ts'
export { type LogEntry, RecordingLog } from './recording-log.ts'
export { PolicyRun, type PolicyRunSetup, run, runAll, type TestAnswer, type TestUse } from './run.ts'
export { type TestRequest, toRequest } from './test-request.ts'
