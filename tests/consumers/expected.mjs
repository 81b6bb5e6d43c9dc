/** The output of the program in every cell of the matrix. */
export const expected = {
  results: [
    {
      id: 1,
      load: 1,
    },
    {
      id: 1,
      load: 1,
    },
    '1, load 2',
    '1, load 2',
    'Ada 3',
    'Ada 3',
    'override of entity 7, load 4',
    'entity 7, load 4',
    42,
    42,
    {
      id: 1,
      load: 6,
    },
    {
      id: 1,
      load: -1,
    },
    1,
  ],
  refused: 'ERR_CONFIGURATION',
  keys: [
    'user:1:getUser',
    "user:(name='a%3Ab,page=1):static.list",
    'text:Ada:slug',
    'entity:7:find',
    'double:21:double',
    '1970-01-01T00%3A00%3A00.000Z',
  ],
};
