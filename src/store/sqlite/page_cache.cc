#include "store/sqlite/page_cache.h"

#include <sqlite3.h>

#include <algorithm>

namespace tongban::store {
namespace {

// One cache is used by one thread at a time, that of its connection.
struct Cache {
  sqlite3_pcache* real = nullptr;
  unsigned greatest = 0;   // no page has a greater number
  unsigned passing = 0;    // the number that a page bears for a moment, or 0
  unsigned otherwise = 0;  // the greatest of all others, while `passing` is the greatest
};

sqlite3_pcache_methods2& real_methods() {
  static sqlite3_pcache_methods2 methods{};
  return methods;
}
Cache& of(sqlite3_pcache* cache) { return *reinterpret_cast<Cache*>(cache); }

void note(Cache& cache, unsigned number) {
  if (number > cache.greatest) {
    cache.greatest = number;
    cache.passing = 0;
  } else if (cache.passing != 0) {
    cache.otherwise = std::max(cache.otherwise, number == cache.passing ? cache.greatest : number);
  }
}

int initialize(void* argument) { return real_methods().xInit(argument); }
void shut_down(void* argument) { real_methods().xShutdown(argument); }

sqlite3_pcache* create(int page_bytes, int extra_bytes, int is_purgeable) {
  sqlite3_pcache* real = real_methods().xCreate(page_bytes, extra_bytes, is_purgeable);
  return real == nullptr ? nullptr : reinterpret_cast<sqlite3_pcache*>(new Cache{.real = real});
}
void destroy(sqlite3_pcache* cache) {
  real_methods().xDestroy(of(cache).real);
  delete &of(cache);
}
void set_size(sqlite3_pcache* cache, int pages) { real_methods().xCachesize(of(cache).real, pages); }
int page_count(sqlite3_pcache* cache) { return real_methods().xPagecount(of(cache).real); }
void shrink(sqlite3_pcache* cache) { real_methods().xShrink(of(cache).real); }

sqlite3_pcache_page* fetch(sqlite3_pcache* cache, unsigned number, int may_create) {
  if (may_create != 0) note(of(cache), number);
  return real_methods().xFetch(of(cache).real, number, may_create);
}
void unpin(sqlite3_pcache* cache, sqlite3_pcache_page* page, int discard) {
  real_methods().xUnpin(of(cache).real, page, discard);
}

void rekey(sqlite3_pcache* cache, sqlite3_pcache_page* page, unsigned before, unsigned after) {
  Cache& mine = of(cache);
  real_methods().xRekey(mine.real, page, before, after);
  if (after > mine.greatest) {
    mine.otherwise = mine.greatest;
    mine.greatest = mine.passing = after;
  } else {
    note(mine, after);
  }
  if (mine.passing != 0 && before == mine.passing) {
    mine.greatest = mine.otherwise;
    mine.passing = 0;
  }
}

void truncate(sqlite3_pcache* cache, unsigned from) {
  Cache& mine = of(cache);
  if (from > mine.greatest) return;
  real_methods().xTruncate(mine.real, from);
  mine.greatest = from == 0 ? 0 : from - 1;
  mine.passing = 0;
}

}  // namespace

int use_corrected_page_cache() {
  const int rc = sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &real_methods());
  if (rc != SQLITE_OK) return rc;
  static sqlite3_pcache_methods2 methods{.iVersion = 1,
                                         .pArg = real_methods().pArg,
                                         .xInit = initialize,
                                         .xShutdown = shut_down,
                                         .xCreate = create,
                                         .xCachesize = set_size,
                                         .xPagecount = page_count,
                                         .xFetch = fetch,
                                         .xUnpin = unpin,
                                         .xRekey = rekey,
                                         .xTruncate = truncate,
                                         .xDestroy = destroy,
                                         .xShrink = shrink};
  return sqlite3_config(SQLITE_CONFIG_PCACHE2, &methods);
}

}  // namespace tongban::store
