#ifdef PARENT_OPTIONS
#error "options of the library reach what doesn't use it"
#endif

int Util();
int main() { return Util(); }
