// Content codings of answers: what a client takes, and making a long answer shorter for one that takes gzip.
#pragma once

#include <string_view>

#include "http/message.h"

namespace tongban::http {

// Whether the client takes a coding ("br", "gzip"); "br;q=0" means that it does not.
bool accepts_coding(const Request& request, std::string_view coding);

// Compresses the body of a successful GET in place, and says so in the headers, when it is long enough to gain, the
// client takes gzip and the answer has neither tag nor cookie. Answers about one case carry a tag: they hold secrets
// beside words of strangers, whose lengths must not tell of each other (CVE-2013-3587), so they stay as they are.
// Any thread; takes about a millisecond for 100 kB.
void compress(const Request& request, Response& response);

}  // namespace tongban::http
