static_assert(__cplusplus < 202002L, "the library changed the standard of its parent");

int Util() { return 0; }
