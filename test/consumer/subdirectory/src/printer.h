// The library and its example have a file of this name, which this one must not hide.
#error "a header of the parent"
