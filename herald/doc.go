// Package herald posts the events of the log to the URLs that asked for them, in order and
// at least once: Standard Webhooks (https://www.standardwebhooks.com), signed with HMAC-SHA-256.
//
// A hook has its place in the log in the database, so a restart repeats at most what was not
// recorded. What it does not take is tried again with growing pauses, and is given up after
// [attempts]: it becomes a dead letter, which stays until it is sent again or deleted, and the
// next event has its turn.
package herald
